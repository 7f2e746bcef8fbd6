#if Service
import Foundation
import TestSupport

/// What a service answered.
struct RawResponse: Sendable {
    let status: Int
    /// By names in lower case.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON's object.
    var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
    }

    /// `detail` of a problem.
    var detail: String { object["detail"] as? String ?? "" }
}

/// A client that sends whatever bytes it is given, on a connection of its own.
struct RawClient: Sendable {
    let port: Int

    /// Sends a request and reads the answer.
    func send(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8] = []
    ) async throws -> RawResponse {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if headers["Transfer-Encoding"] == nil { head += "Content-Length: \(body.count)\r\n" }
        return try await exchange(Array(head.utf8) + Array("\r\n".utf8) + body)
    }

    func post(_ target: String, json: [String: Any], headers: [String: String] = [:]) async throws -> RawResponse {
        let body = Array(try JSONSerialization.data(withJSONObject: json))
        return try await send(
            "POST", target, headers: headers.merging(["Content-Type": "application/json"]) { $1 }, body: body)
    }

    /// Sends pictures at once; the answers are in the pictures' order.
    func segment(_ pictures: [[UInt8]], target: String = "/v1/segment") async throws -> [RawResponse] {
        try await withThrowingTaskGroup(of: (Int, RawResponse).self) { group in
            for (index, picture) in pictures.enumerated() {
                group.addTask { (index, try await send("POST", target, body: picture)) }
            }
            var answers: [(Int, RawResponse)] = []
            for try await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Sends bytes and reads until the service closes the connection.
    func exchange(_ bytes: [UInt8]) async throws -> RawResponse {
        try await withCheckedThrowingContinuation { continuation in
            // Waiting must not hold one of the threads that the service needs.
            Thread.detachNewThread { continuation.resume(with: Result { try blockingExchange(bytes) }) }
        }
    }

    private func blockingExchange(_ bytes: [UInt8]) throws -> RawResponse {
        let descriptor = try connected()
        defer { close(descriptor) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // A service that has answered already may have closed its side.
            if count <= 0 { break }
            sent += count
        }
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = part.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count <= 0 { break }
            all += part[..<count]
        }
        return try Self.parsed(all)
    }

    /// A connection; the caller closes it.
    func connected() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            close(descriptor)
            throw CocoaError(.fileReadUnknown)
        }
        return descriptor
    }

    private static func parsed(_ bytes: [UInt8]) throws -> RawResponse {
        let text = String(decoding: bytes, as: Unicode.ASCII.self)
        guard let end = text.range(of: "\r\n\r\n") else { throw CocoaError(.fileReadCorruptFile) }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { throw CocoaError(.fileReadCorruptFile) }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        let start = text.utf16.distance(from: text.startIndex, to: end.upperBound)
        return RawResponse(status: status, headers: headers, body: Array(bytes[start...]))
    }
}
#endif
