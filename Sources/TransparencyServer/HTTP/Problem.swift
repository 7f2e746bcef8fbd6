#if Service
import Foundation
import HTTPTypes
import Hummingbird
import Images
import Limits
import TransparencySegmentation

/// What a request is answered with where it cannot be fulfilled: `application/problem+json` (RFC 9457).
///
/// Besides the members of the RFC there are `request_id`, which the log has too, and `success` and `error`, which clients of other protocols
/// read: X-AnyLabeling's server has a code and a message there, the Open Inference Protocol the sentence alone.
struct Problem: Error {
    let status: HTTPResponse.Status
    /// One sentence for a person: what is wrong, and what to do.
    let detail: String
    /// A word for programs.
    let code: String
    var headers = HTTPFields()
    /// Whether the connection cannot be used any more, such as with a body that is not read to its end.
    var closesConnection = false

    init(_ status: HTTPResponse.Status, _ detail: String, code: String? = nil) {
        (self.status, self.detail) = (status, detail)
        self.code = code ?? status.reasonPhrase.uppercased().split(separator: " ").joined(separator: "_")
    }

    static func busy(retryAfter seconds: Double) -> Problem {
        var problem = Problem(
            .serviceUnavailable, "as many requests as are taken at once are waiting; ask again later",
            code: "QUEUE_FULL")
        problem.headers[.retryAfter] = "\(min(max(1, Int(seconds.rounded(.up))), 60))"
        return problem
    }

    static func outOfTime(_ time: Duration) -> Problem {
        Problem(
            .gatewayTimeout,
            "the picture was not segmented within \(Int(time.seconds)) s; ask again later, or send less",
            code: "TIMEOUT")
    }

    /// What an error is to the one who asked; nil where it is this side's fault, of which only the log tells.
    static func of(_ error: any Error) -> Problem? {
        switch error {
        case let problem as Problem: problem
        case let error as ImageError: of(error)
        case SegmentationError.size(let message): Problem(.unprocessableContent, message)
        case SegmentationError.memory(let message): Problem(.contentTooLarge, message)
        case let error as MemoryError: Problem(.contentTooLarge, "\(error)")
        case is CancellationError: busy(retryAfter: 5)
        case let error as HTTPError where error.status == .notFound:
            Problem(.notFound, "there is nothing at this address; GET /openapi.json lists what there is")
        case let error as HTTPError: Problem(error.status, error.body ?? error.status.reasonPhrase)
        default: nil
        }
    }

    private static func of(_ error: ImageError) -> Problem? {
        switch error {
        case .tooManyPixels, .needsMemory: Problem(.contentTooLarge, "\(error)", code: "PICTURE_TOO_LARGE")
        case .notAnImage, .formatUnavailable: Problem(.unsupportedMediaType, "\(error)", code: "INVALID_IMAGE")
        case .empty, .damaged, .unsupportedSamples, .unsupportedMask, .invalidPixels:
            Problem(.unprocessableContent, "\(error)", code: "INVALID_IMAGE")
        case .notFound, .unreadable, .isFolder, .libraryFailed: nil
        }
    }

    private struct Document: Encodable {
        var type = "about:blank"
        let title: String
        let status: Int
        let detail: String
        let requestID: String
        var success = false
        let error: Fault

        enum Fault: Encodable {
            case sentence(String)
            case coded(Coded)

            struct Coded: Encodable {
                let code: String
                let message: String
            }

            func encode(to encoder: any Encoder) throws {
                switch self {
                case .sentence(let text): try text.encode(to: encoder)
                case .coded(let fault): try fault.encode(to: encoder)
                }
            }
        }

        enum CodingKeys: String, CodingKey {
            case type, title, status, detail, success, error
            case requestID = "request_id"
        }
    }

    /// - Parameter path: Of the request: below `/v2` the member `error` is a text.
    func response(requestID: String, path: String) -> Response {
        let isText = path == "/v2" || path.hasPrefix("/v2/")
        let document = Document(
            title: status.reasonPhrase, status: status.code, detail: detail, requestID: requestID,
            error: isText ? .sentence(detail) : .coded(.init(code: code, message: detail)))
        var headers = headers
        headers[.contentType] = "application/problem+json"
        if closesConnection { headers[.connection] = "close" }
        return Response(status: status, headers: headers, json: document)
    }
}

extension Response {
    /// A value as JSON, `application/json` where the headers name no other type.
    init(status: HTTPResponse.Status = .ok, headers: HTTPFields = HTTPFields(), json value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = "application/json" }
        do {
            self.init(
                status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
        } catch {
            // Only a number that is none could fail, and values here have none.
            self.init(status: .internalServerError)
        }
    }

    /// Bytes of a type.
    init(_ bytes: [UInt8], type: String, headers: HTTPFields = HTTPFields()) {
        var headers = headers
        headers[.contentType] = type
        self.init(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
#endif
