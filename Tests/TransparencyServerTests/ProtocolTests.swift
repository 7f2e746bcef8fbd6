#if Service
import Annotations
import Foundation
import HTTPTypes
import Images
import TestSupport
import Testing
import TransparencySegmentation

@testable import TransparencyServer

/// The protocols of others, by what their clients send and read.
@Suite struct ProtocolTests {
    private let uri: String
    private let png: [UInt8]

    init() throws {
        png = try halfBright().pngData()
        uri = "data:image/png;base64,\(Data(png).base64EncodedString())"
    }

    private static let labelConfig =
        "<View><Image name=\"photo\" value=\"$picture\"/><BrushLabels name=\"brush\" toName=\"photo\"><Label value=\"Other\"/><Label value=\"Glass\"/></BrushLabels></View>"

    @Test func labelStudioGetsBrushLabelsThatItsReaderReads() async throws {
        let answer = try await withService { [uri] in
            try await $0.client.post(
                "/predict",
                json: [
                    "tasks": [["id": 7, "data": ["picture": uri, "number": 3]]], "label_config": Self.labelConfig,
                    "params": [:],
                ])
        }
        #expect(answer.status == 200, "\(answer.text)")
        let results = try #require(answer.object["results"] as? [[String: Any]])
        let result = try #require(results.first?["result"] as? [[String: Any]])
        #expect(
            result.count == 1 && result[0]["from_name"] as? String == "brush"
                && result[0]["to_name"] as? String == "photo")
        // As a file of tasks, read by what reads Label Studio's exports.
        try withTemporaryFolder { folder in
            let tasks: [[String: Any]] = [["data": ["image": "a.png"], "predictions": [["result": result]]]]
            try JSONSerialization.data(withJSONObject: tasks).write(to: URL(fileURLWithPath: "\(folder)/tasks.json"))
            var pictures: [AnnotatedPicture] = []
            let labels = try LabelStudioFile.forEachPicture(of: "\(folder)/tasks.json") { pictures.append($0) }
            #expect(labels == ["Glass"])
            #expect(pictures.first?.mask.pixels == (0..<512).map { $0 % 32 < 16 ? 1 : 0 })
        }
    }

    @Test func labelStudioIsSetUpAndIsTheUp() async throws {
        try await withService { running in
            #expect(try await running.client.send("GET", "/health").object["status"] as? String == "UP")
            let good = try await running.client.post(
                "/setup",
                json: ["project": "1.2", "schema": Self.labelConfig, "hostname": "http://x", "access_token": "t"])
            #expect(good.status == 200 && good.object["model_version"] as? String == "1")
            for schema in ["<View/>", "<View>", "<View><BrushLabels name='b' toName='none'/></View>"] {
                let bad = try await running.client.post("/setup", json: ["schema": schema])
                #expect(bad.status == 422 && bad.detail.contains("labeling configuration"), "\(schema)")
            }
        }
    }

    /// Whatever names a picture elsewhere is refused with what to do.
    @Test(arguments: [
        "http://127.0.0.1/a.jpg", "https://example.com/a.png", "/data/upload/1/a.jpg", "/data/local-files/?d=a.jpg",
        "s3://b/a",
        "file:///etc/passwd", "/etc/passwd", "../a.jpg", "FILE://x", "data:text/plain,hello",
        "data:image/png;base64,####", "",
    ])
    func addressesAreNotFetched(address: String) async throws {
        let answer = try await withService {
            try await $0.client.post("/predict", json: ["tasks": [["data": ["image": address]]]])
        }
        #expect(answer.status == 422 && answer.detail.contains("task 1"), "\(answer.text)")
    }

    @Test func anyLabelingGetsPolygons() async throws {
        try await withService { running in
            let models = try await running.client.send("GET", "/v1/models").object
            let data = try #require(models["data"] as? [String: [String: Any]])
            #expect(
                models["success"] as? Bool == true && data["test"]?["display_name"] != nil
                    && data["test"]?["widgets"] != nil)
            #expect(try await running.client.send("GET", "/v1/models/test/info").status == 200)
            #expect(try await running.client.send("GET", "/v1/models/other/info").status == 404)
            let asked: [String: Any] = [
                "model": "test", "image": uri,
                "params": ["conf_threshold": 0.0, "iou_threshold": 0.0, "epsilon_factor": 0.001],
            ]
            let answer = try await running.client.post("/v1/predict", json: asked)
            let shapes = try #require((answer.object["data"] as? [String: Any])?["shapes"] as? [[String: Any]])
            #expect(
                shapes.count == 1 && shapes[0]["shape_type"] as? String == "polygon"
                    && shapes[0]["label"] as? String == "glass")
            #expect(shapes[0]["points"] as? [[Int]] == [[0, 0], [15, 0], [15, 15], [0, 15]])
            // Widgets have values of the types that X-AnyLabeling sets.
            let widgets = try #require(data["test"]?["widgets"] as? [[String: Any]])
            let values = Dictionary(uniqueKeysWithValues: widgets.map { ($0["name"] as? String ?? "", $0["value"]) })
            #expect(values["edit_conf"] as? Double == 0.5 && values["mask_fineness_slider"] as? Int == 10)
            #expect(values["toggle_preserve_existing_annotations"] as? Bool == false)
            let other = try await running.client.post("/v1/predict", json: ["model": "other", "image": uri])
            #expect(
                other.status == 404
                    && (other.object["error"] as? [String: Any])?["code"] as? String == "MODEL_NOT_FOUND")
        }
    }

    /// Specks, and a region whose outline comes through its first pixel twice: X-AnyLabeling drops points like the first, and polygons of two.
    @Test func anyLabelingGetsPolygonsThatItDraws() async throws {
        let bright: Set<[Int]> = [[1, 1], [13, 1], [14, 1], [7, 3], [6, 4], [5, 5], [8, 4], [9, 5]]
        let pixels = (0..<8).flatMap { y in
            (0..<16).flatMap { x in [UInt8](repeating: bright.contains([x, y]) ? 220 : 30, count: 3) }
        }
        let png = try Image(width: 16, height: 8, channels: 3, pixels: pixels).pngData()
        let answer = try await withService {
            try await $0.client.post("/v1/predict", json: ["image": Data(png).base64EncodedString()])
        }
        let shapes = try #require((answer.object["data"] as? [String: Any])?["shapes"] as? [[String: Any]])
        #expect(shapes.count == 3, "\(answer.text)")
        for shape in shapes {
            let points = try #require(shape["points"] as? [[Double]])
            #expect(points.count >= 3 && !points.dropFirst().contains(points[0]), "\(points)")
            #expect(Set(points.map { $0.map { Int($0) } }).isSubset(of: bright))
        }
    }

    @Test func kserveGetsTensorsInEveryForm() async throws {
        let image = try halfBright()
        let mask = (0..<512).map { $0 % 32 < 16 ? 255 : 0 }
        let nested = (0..<16).map { y in (0..<32).map { x in (0..<3).map { Int(image.pixels[(y * 32 + x) * 3 + $0]) } }
        }
        let base64 = Data(png).base64EncodedString()
        try await withService { running in
            for path in [
                "/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/test", "/v2/models/test/ready",
                "/v2/models/test/versions/1", "/v2/models/test/versions/1/ready",
            ] {
                #expect(try await running.client.send("GET", path).status == 200, "\(path)")
            }
            for path in ["/v2/models/other", "/v2/models/test/versions/2", "/v2/models/other/versions/1/ready"] {
                let answer = try await running.client.send("GET", path)
                // Clients of this protocol read a text where others have an object.
                #expect(answer.status == 404 && answer.object["error"] as? String == answer.detail, "\(path)")
            }
            let inputs: [[String: Any]] = [
                ["name": "image", "datatype": "UINT8", "shape": [16, 32, 3], "data": nested],
                ["name": "image", "datatype": "UINT8", "shape": [16, 32, 3], "data": image.pixels.map(Int.init)],
                ["name": "image", "datatype": "BYTES", "shape": [1], "data": [base64]],
            ]
            for input in inputs {
                let answer = try await running.client.post(
                    "/v2/models/test/infer", json: ["id": "a", "inputs": [input], "outputs": [["name": "mask"]]])
                let outputs = answer.object["outputs"] as? [[String: Any]]
                #expect(outputs?[0]["data"] as? [Int] == mask, "\(answer.text.prefix(300))")
                #expect(answer.object["id"] as? String == "a" && outputs?.count == 1)
            }
            // Binary both ways.
            let head = Array(
                try JSONSerialization.data(withJSONObject: [
                    "parameters": ["binary_data_output": true],
                    "inputs": [
                        [
                            "name": "image", "datatype": "UINT8", "shape": [16, 32, 3],
                            "parameters": ["binary_data_size": image.pixels.count],
                        ]
                    ],
                ]))
            let answer = try await running.client.send(
                "POST", "/v2/models/test/infer", headers: ["Inference-Header-Content-Length": "\(head.count)"],
                body: head + image.pixels)
            let length = try #require(Int(answer.headers["inference-header-content-length"] ?? ""))
            #expect(answer.body.count == length + 512 * 5)
            #expect(answer.body.suffix(512).map(Int.init) == mask)
            // The same numbers as text and as bytes.
            let text = try await running.client.post(
                "/v2/models/test/infer", json: ["inputs": [inputs[2]], "outputs": [["name": "soft"]]])
            let soft = ((text.object["outputs"] as? [[String: Any]])?[0]["data"] as? [Double] ?? []).map(Float.init)
            let bytes = Array(answer.body[length..<length + 2048])
            #expect(soft.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) } == bytes)
        }
    }

    @Test func moreNumbersThanJSONIsMadeOfAreRefused() throws {
        let side = 4097
        let segmentation = Segmentation(
            SoftMask(width: side, height: side, planes: [Float](repeating: 0.5, count: side * side)), threshold: 0.5)
        let body = { (parameters: String) in
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"\"]}],\"outputs\":[{\"name\":\"mask\"}]\(parameters)}"
        }
        let asked = try InferenceRequest(Array(body("").utf8), headerLength: nil)
        let problem = try #require(throws: Problem.self) {
            try InferenceResponse.response(of: segmentation, to: asked, model: "test", version: "1")
        }
        #expect(problem.status == .contentTooLarge && problem.detail.contains("binary_data_output"))
        let binary = try InferenceRequest(
            Array(body(",\"parameters\":{\"binary_data_output\":true}").utf8), headerLength: nil)
        #expect(throws: Never.self) {
            try InferenceResponse.response(of: segmentation, to: binary, model: "test", version: "1")
        }
    }

    @Test(arguments: [
        "{}", "[]", "{\"inputs\":[]}",
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[1,1,3],\"data\":[1,2,3]}]}",
        "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[9223372036854775807,9223372036854775807,3],\"data\":[1]}]}",
        "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[-1,1,3],\"data\":[1,2,3]}]}",
        "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,3],\"data\":[1,2,256]}]}",
        "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,3],\"data\":[1,2]}]}",
        "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1,1,3],\"data\":[1,2,3]}]}",
        "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,3],\"parameters\":{\"binary_data_size\":3}}]}",
        "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[1,1,3],\"data\":[1,2,3]}],\"outputs\":[{\"name\":\"none\"}]}",
        String(repeating: "[", count: 100_000),
    ])
    func badInferencesAreRefused(body: String) async throws {
        let answer = try await withService {
            try await $0.client.send("POST", "/v2/models/test/infer", body: Array(body.utf8))
        }
        #expect(answer.status == 422, "\(answer.text)")
    }

    @Test func compressedRequestsAreRefused() async throws {
        let answer = try await withService {
            try await $0.client.send(
                "POST", "/v2/models/test/infer", headers: ["Content-Encoding": "gzip"], body: [31, 139, 8, 0])
        }
        #expect(answer.status == 415 && answer.headers["accept-encoding"] == "identity", "\(answer.text)")
    }

    @Test(arguments: [("1", ""), ("0", "{}"), ("-1", "{}"), ("3", "{}"), ("9223372036854775808", "{}"), ("x", "{}")])
    func badLengthsOfTheHeaderAreRefused(length: String, body: String) async throws {
        let answer = try await withService {
            try await $0.client.send(
                "POST", "/v2/models/test/infer", headers: ["Inference-Header-Content-Length": length],
                body: Array(body.utf8))
        }
        #expect(answer.status == 400, "\(answer.text)")
    }
}
#endif
