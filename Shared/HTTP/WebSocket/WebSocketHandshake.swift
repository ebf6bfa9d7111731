internal import COpenSSL

/// The opening handshake, the server's side (RFC 6455 §4.2).
public enum WebSocketHandshake {
    /// Why a request cannot become a WebSocket, and what its answer says beside that.
    public struct Refusal: Error, Sendable {
        public let status: Status
        public let message: String
        public let headers: Headers

        fileprivate init(_ status: Status, _ message: String, _ fields: [(StaticString, String)] = []) {
            self.status = status
            self.message = message
            var headers = Headers()
            for (name, value) in fields { headers.add(name, value.utf8) }
            self.headers = headers
        }
    }

    /// The answer that makes a WebSocket of a request's connection. No subprotocol and no extension is agreed on: there is no
    /// permessage-deflate, whose memory for each connection is many times what a quiet one costs here.
    /// - Parameter serve: called once the answer is sent; the WebSocket is closed when it returns.
    /// - Throws: `Refusal`, with 426 for a request that does not ask for a WebSocket of version 13, 400 for one that is broken.
    public static func accept(
        _ request: Request, limits: WebSocketLimits = WebSocketLimits(),
        serve: @escaping @Sendable (WebSocket) async -> Void
    ) throws(Refusal) -> Response {
        let key = try key(of: request)
        var headers = Headers()
        headers.add("upgrade", "websocket".utf8)
        headers.add("sec-websocket-accept", accept(key))
        return Response(
            .switchingProtocols, headers: headers,
            body: .upgrade(ResponseUpgrade { await WebSocket.run(on: $0, limits, serve) }))
    }

    /// The key of a request that can be accepted.
    private static func key(of request: Request) throws(Refusal) -> ArraySlice<UInt8> {
        let headers = request.headers
        guard request.method == .get else { throw Refusal(.badRequest, "a WebSocket is opened by GET") }
        guard headers.contains("upgrade", token: "websocket"), headers.contains("connection", token: "upgrade") else {
            throw Refusal(.upgradeRequired, "this is a WebSocket: ask for an upgrade", [("upgrade", "websocket")])
        }
        guard headers.count("sec-websocket-version") == 1, headers["sec-websocket-version"] == "13" else {
            throw Refusal(
                .upgradeRequired, "Sec-WebSocket-Version: must be 13",
                [("upgrade", "websocket"), ("sec-websocket-version", "13")])
        }
        guard headers.count("sec-websocket-key") == 1, let key = headers.value("sec-websocket-key"), isKey(key) else {
            throw Refusal(.badRequest, "Sec-WebSocket-Key: must be 16 bytes in base64")
        }
        guard case .empty = request.body else { throw Refusal(.badRequest, "body: a WebSocket is opened without one") }
        return key
    }

    /// The base64 of 16 bytes.
    private static func isKey(_ key: ArraySlice<UInt8>) -> Bool {
        guard key.count == 24, key.suffix(2).elementsEqual("==".utf8) else { return false }
        return key.dropLast(2).allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
    }

    /// What proves to the client that its key was read: the base64 of the SHA-1 of the key and a fixed text (§4.2.2). It protects
    /// nothing, and SHA-1 need not.
    static func accept(_ key: ArraySlice<UInt8>) -> [UInt8] {
        let text = Array(key) + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        SHA1(text, text.count, &digest)
        // Four characters for each three bytes begun, and the NUL that OpenSSL appends.
        var encoded = [UInt8](repeating: 0, count: (digest.count + 2) / 3 * 4 + 1)
        EVP_EncodeBlock(&encoded, digest, Int32(digest.count))
        return encoded.dropLast()
    }
}
