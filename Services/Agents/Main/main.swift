import Agents
import Service

await ServiceMain.run(AgentsService.self)
