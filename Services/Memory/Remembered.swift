import HTTP
import Models
import Service
import Storage

/// 201 with a new memory; 202 with what a human is asked first, where an agent may not save by itself.
enum Remembered: Answer {
    case saved(Stored<Models.Memory>)
    case proposed(Stored<MemoryApproval>)

    static var description: AnswerDescription { Created<Models.Memory>.description }

    func response(to call: Call) throws -> Response {
        switch self {
        case .saved(let memory): return Created(memory, in: "/memory-api").response(to: call)
        case .proposed(let approval):
            var response = Created(approval, in: "/memory-api/approvals").response(to: call)
            response.status = .accepted
            return response
        }
    }
}
