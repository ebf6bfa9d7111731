import Memory
import Service

await ServiceMain.run(MemoryService.self)
