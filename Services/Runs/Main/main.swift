import Runs
import Service

await ServiceMain.run(RunsService.self)
