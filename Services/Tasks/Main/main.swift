import Service
import Tasks

await ServiceMain.run(TasksService.self)
