import Approvals
import Service

await ServiceMain.run(ApprovalsService.self)
