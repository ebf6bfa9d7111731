import Goals
import Service

await ServiceMain.run(GoalsService.self)
