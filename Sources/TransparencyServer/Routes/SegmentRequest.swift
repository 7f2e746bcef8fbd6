#if Service
import Foundation
import HTTPTypes
import Hummingbird
import TransparencySegmentation

/// What `POST /v1/segment` is asked: a picture, and what to make of it.
struct SegmentRequest {
    /// What is made of a picture; all but JSON are PNG files.
    enum Output: String, CaseIterable {
        case mask, soft, overlay, cutout, json

        /// What makes it; nil of JSON.
        var kind: ResultKind? { ResultKind(rawValue: rawValue) }
    }

    let picture: EncodedPicture
    let output: Output
    let threshold: Float
    /// Regions of fewer pixels are left out of JSON.
    let areaThreshold: Int

    /// Reads the query and the body: a form with the picture in its file part, or the picture's file itself. A value in the form goes before the
    /// query's. Throws ``Problem``.
    init(_ request: Request, _ bytes: [UInt8]) throws {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            guard values.updateValue(String(value), forKey: String(name)) == nil else {
                throw Problem(.badRequest, "the query has \(name.prefix(40)) twice")
            }
        }
        let known = ["output", "threshold", "area_threshold"]
        if let other = values.keys.first(where: { !known.contains($0) }) {
            throw Problem(
                .badRequest,
                "the query has \(other.prefix(40)), which is unknown; there are \(known.joined(separator: ", "))")
        }
        let content: ArraySlice<UInt8>
        var name = "the picture"
        do {
            if let boundary = try MultipartForm.boundary(ofContentType: request.headers[.contentType] ?? "") {
                let parts = try MultipartForm(bytes, boundary: boundary).parts
                let files = parts.filter { $0.fileName != nil }
                guard files.count == 1 else {
                    throw Problem(
                        .unprocessableContent, "the form has \(files.count) files; one picture a request was expected")
                }
                content = files[0].content
                if let given = files[0].fileName, !given.isEmpty { name = String(given.prefix(200)) }
                var given: Set<String> = []
                for part in parts where part.fileName == nil {
                    guard known.contains(part.name), given.insert(part.name).inserted else {
                        throw MultipartForm.Fault(
                            reason: known.contains(part.name)
                                ? "has \(part.name) twice"
                                : "has \(part.name.prefix(40)), which is unknown; there are \(known.joined(separator: ", ")) and one file"
                        )
                    }
                    values[part.name] = part.text
                }
            } else {
                content = bytes[...]
            }
        } catch let fault as MultipartForm.Fault {
            throw Problem(.badRequest, "the form \(fault.reason)")
        }
        picture = EncodedPicture(bytes: Array(content), name: name)
        guard let output = Output(rawValue: values["output"] ?? "mask") else {
            let names = Output.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.badRequest, "output is \(values["output"]?.prefix(40) ?? ""); one of \(names) was expected")
        }
        self.output = output
        threshold = try Self.number("threshold", values["threshold"], 0...1, 0.5)
        areaThreshold = try Self.number("area_threshold", values["area_threshold"], 1...1 << 30, 1)
    }

    static func number<N: Comparable & LosslessStringConvertible>(
        _ name: String, _ text: String?, _ range: ClosedRange<N>, _ usual: N
    ) throws -> N {
        guard let text else { return usual }
        guard let value = N(text), range.contains(value) else {
            throw Problem(
                .badRequest,
                "\(name) is \(text.prefix(40)); a number from \(range.lowerBound) to \(range.upperBound) was expected")
        }
        return value
    }
}
#endif
