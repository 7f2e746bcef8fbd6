#if Service
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import TransparencySegmentation

/// Reads requests' bodies whole, within bounds of bytes and time.
struct BodyReader: Sendable {
    let limit: Int
    let timeout: Duration
    /// Of all connections together.
    let budget: ByteBudget

    /// Calls `body` with a request's bytes. Throws ``Problem`` beyond a bound, and what `body` throws.
    func withBytes<R>(of request: Request, _ context: ServiceContext, _ body: ([UInt8]) async throws -> R) async throws
        -> R
    {
        if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
            var problem = Problem(
                .unsupportedMediaType,
                "the request's body is coded as \(coding.prefix(20)); send it as it is, without Content-Encoding")
            problem.headers[.acceptEncoding] = "identity"
            problem.closesConnection = true
            throw problem
        }
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        guard announced ?? 0 <= limit else { throw tooLarge }
        let held = announced ?? limit
        guard budget.take(held) else {
            var problem = Problem.busy(retryAfter: 1)
            problem.closesConnection = true
            throw problem
        }
        defer { budget.give(held) }
        let bytes: [UInt8]
        // Who waits for this before sending may wait for ever; whom the bounds refuse is not asked to send.
        if request.headers[.expect]?.lowercased() == "100-continue" {
            try? await context.channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
        }
        do {
            bytes = try await withDeadline(context.start + timeout) { try await collect(request.body, announced ?? 0) }
        } catch is DeadlinePassed {
            var problem = Problem(.requestTimeout, "the request's body did not come within \(Int(timeout.seconds)) s")
            problem.closesConnection = true
            throw problem
        }
        return try await body(bytes)
    }

    private func collect(_ body: RequestBody, _ announced: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(announced)
        do {
            for try await part in body {
                guard bytes.count + part.readableBytes <= limit else { throw tooLarge }
                bytes.append(contentsOf: part.readableBytesView)
            }
        } catch let error where !(error is Problem || error is CancellationError) {
            // The connection ended, or what came is not HTTP.
            var problem = Problem(.badRequest, "the request's body cannot be read: \(error)")
            problem.closesConnection = true
            throw problem
        }
        guard bytes.count >= announced else { throw Problem(.badRequest, "the request's body ended early") }
        return bytes
    }

    private var tooLarge: Problem {
        var problem = Problem(
            .contentTooLarge,
            "the request's body has more than \(limit) bytes; send a smaller picture, or start the service with a higher --body-limit"
        )
        problem.closesConnection = true
        return problem
    }
}
#endif
