#if Service
import Annotations
import EmbeddedModel
import Foundation
import Images
import Logging
import TestSupport
import Testing
import TransparencySegmentation

@testable import TransparencyServer

@Suite struct SegmentRouteTests {
    /// The masks of the service, of a form and of a body, are those of the Swift API, to the byte.
    @Test func resultsAreThoseOfTheLibrary() async throws {
        let path = try #require(EmbeddedModel.examplePicture)
        let picture = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let segmenter = try await Segmenter()
        let image = try ImageReader().read(contentsOf: path)
        let expected = try await segmenter.segment(image, threshold: 0.3)
        try await withService(segmenter) { running in
            for kind in [ResultKind.mask, .soft, .overlay, .cutout] {
                let answer = try await running.client.send(
                    "POST", "/v1/segment?output=\(kind.rawValue)&threshold=0.3", body: picture)
                #expect(answer.status == 200 && answer.headers["content-type"] == "image/png")
                let png = try #require(try kind.image(of: expected, picture: image)).pngData()
                #expect(answer.body == png, "\(kind)")
                // The threshold of a form goes before the query's.
                let form =
                    Array("--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n".utf8) + picture
                    + Array("\r\n--b\r\nContent-Disposition: form-data; name=threshold\r\n\r\n0.3\r\n--b--\r\n".utf8)
                let second = try await running.client.send(
                    "POST", "/v1/segment?output=\(kind.rawValue)&threshold=0.9",
                    headers: ["Content-Type": "multipart/form-data; boundary=b"], body: form)
                #expect(second.body == png, "\(kind) of a form")
            }
        }
    }

    /// Pictures that share a pass give the bytes that each gives alone.
    @Test func aBatchGivesTheBytesOfItsPictures() async throws {
        let segmenter = try await Segmenter()
        let pictures = try (0..<4).map { try halfBright(width: 100 + 8 * $0, height: 90).pngData() }
        func masks(batch: Int) async throws -> [[UInt8]] {
            try await withService(segmenter, settings: .test { ($0.batch, $0.batchDelay) = (batch, .seconds(1)) }) {
                running in
                try await running.client.segment(pictures).map(\.body)
            }
        }
        let (alone, together) = (try await masks(batch: 1), try await masks(batch: 4))
        #expect(alone == together)
    }

    @Test func jsonHasTheMaskAsCodeAndPolygons() async throws {
        let image = try halfBright()
        let answer = try await withService {
            try await $0.client.send("POST", "/v1/segment?output=json", body: try image.pngData())
        }
        let object = answer.object
        #expect(answer.status == 200 && object["width"] as? Int == 32 && object["height"] as? Int == 16)
        let statistics = try #require(object["statistics"] as? [String: Any])
        #expect(statistics["transparent_pixels"] as? Int == 256 && statistics["transparent_share"] as? Double == 0.5)
        let regions = try #require(object["regions"] as? [[String: Any]])
        #expect(regions.count == 1 && regions[0]["bbox"] as? [Int] == [0, 0, 16, 16])
        let polygon = try #require(regions[0]["polygon"] as? [[Int]])
        #expect(Array(polygon.prefix(4)) == [[0, 0], [16, 0], [16, 16], [0, 16]])
        let code = try #require(object["rle"] as? [String: Any])
        let counts = try RunLength(width: 32, height: 16, text: try #require(code["counts"] as? String)).counts
        #expect(counts == [0, 256, 256])
    }

    @Test(arguments: [
        ("output=nothing", 400), ("threshold=2", 400), ("threshold=nan", 400), ("threshold=", 400),
        ("area_threshold=0", 400),
        ("area_threshold=99999999999999999999", 400), ("size=64", 400), ("output=mask&output=soft", 400),
    ])
    func badQueriesAreRefused(query: String, status: Int) async throws {
        let body = try halfBright().pngData()
        let answer = try await withService { try await $0.client.send("POST", "/v1/segment?\(query)", body: body) }
        #expect(answer.status == status && answer.headers["content-type"] == "application/problem+json")
        #expect(!answer.detail.isEmpty)
    }

    @Test func badPicturesAreRefusedByWhatIsWrongWithThem() async throws {
        let png = try halfBright(width: 64, height: 64).pngData()
        try await withService(settings: .test { $0.pixelLimit = 5000 }) { running in
            let expect: @Sendable (Int, [UInt8], [String: String]) async throws -> Void = { status, body, headers in
                let answer = try await running.client.send("POST", "/v1/segment", headers: headers, body: body)
                #expect(answer.status == status, "\(answer.text)")
            }
            try await expect(200, png, [:])
            try await expect(422, [], [:])
            try await expect(415, Array("text".utf8), [:])
            try await expect(422, Array(png.dropLast(40)), [:])
            try await expect(413, try halfBright(width: 100, height: 100).pngData(), [:])
            let form = ["Content-Type": "multipart/form-data; boundary=b"]
            try await expect(400, png, form)
            try await expect(422, Array("--b--".utf8), form)
            func fields(_ names: [String]) -> [UInt8] {
                Array("--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n".utf8) + png
                    + names.flatMap { "\r\n--b\r\nContent-Disposition: form-data; name=\($0)\r\n\r\n0.3".utf8 }
                    + Array("\r\n--b--".utf8)
            }
            try await expect(400, fields(["threshold", "threshold"]), form)
            try await expect(400, fields(["treshold"]), form)
            try await expect(400, png, ["Content-Type": "multipart/form-data"])
        }
    }
}
#endif
