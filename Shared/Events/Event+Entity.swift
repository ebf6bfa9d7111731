import JSONCoding
import Models

extension Event {
    /// The entity that the event carries.
    /// - Throws: what is wrong with it, when it is not one of that type.
    public func entity<Entity: Decodable>(_ type: Entity.Type) throws -> Entity {
        try data.decode(type)
    }
}
