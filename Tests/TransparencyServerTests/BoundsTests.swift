#if Service
import Foundation
import Images
import Synchronization
import TestSupport
import Testing

@testable import TransparencyServer

/// What the service takes, and what it says where that is not enough.
@Suite struct BoundsTests {
    private let png: [UInt8]

    init() throws { png = try halfBright().pngData() }

    @Test func bodiesAreBounded() async throws {
        try await withService(settings: .test { $0.bodyLimit = 4096 }) { running in
            let large = [UInt8](repeating: 65, count: 5000)
            let announced = try await running.client.send("POST", "/v1/segment", body: large)
            #expect(announced.status == 413 && announced.headers["connection"] == "close")
            let chunk = Array("400\r\n".utf8) + [UInt8](repeating: 65, count: 1024) + [13, 10]
            let chunks = (0..<20).flatMap { _ in chunk } + Array("0\r\n\r\n".utf8)
            let chunked = try await running.client.send(
                "POST", "/v1/segment", headers: ["Transfer-Encoding": "chunked"], body: chunks)
            #expect(chunked.status == 413)
            #expect(try await running.client.send("POST", "/v1/segment", body: png).status == 200)
        }
    }

    /// A client may wait for a word before it sends its body; whose body is too large gets none.
    @Test func whoeverWaitsToSendIsAskedTo() async throws {
        try await withService(settings: .test { $0.bodyLimit = 1 << 20 }) { running in
            let waits = ["Expect": "100-continue"]
            let answer = try await running.client.send("POST", "/v1/segment", headers: waits, body: png)
            #expect(answer.status == 100 && answer.text.hasPrefix("HTTP/1.1 200 "))
            let large = [UInt8](repeating: 65, count: 2 << 20)
            #expect(try await running.client.send("POST", "/v1/segment", headers: waits, body: large).status == 413)
        }
    }

    @Test func aBodyThatDoesNotComeIsNotWaitedFor() async throws {
        try await withService(settings: .test { $0.timeout = .seconds(1) }) { running in
            let answer = try await running.client.exchange(
                Array("POST /v1/segment HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf".utf8))
            #expect(answer.status == 408)
        }
    }

    @Test func aPassThatTakesTooLongIsNotWaitedFor() async throws {
        // Long, for beside all other tests the body alone may take seconds.
        try await withService(BrightnessPredictor(pause: .seconds(15)), settings: .test { $0.timeout = .seconds(10) }) {
            running in
            let answer = try await running.client.send("POST", "/v1/segment", body: png)
            #expect(answer.status == 504)
            #expect(try await running.client.send("GET", "/metrics").text.contains("transeg_timeouts_total 1"))
        }
    }

    @Test func aFullQueueSaysWhenToComeAgain() async throws {
        try await withService(BrightnessPredictor(pause: .milliseconds(300)), settings: .test { $0.queueLimit = 2 }) {
            running in
            let answers = try await running.client.segment([[UInt8]](repeating: png, count: 8))
            let refused = answers.filter { $0.status == 503 }
            #expect(answers.count { $0.status == 200 } + refused.count == 8 && !refused.isEmpty && refused.count <= 6)
            let waits = refused.compactMap { Int($0.headers["retry-after"] ?? "") }
            #expect(waits.count == refused.count && waits.allSatisfy((1...60).contains))
            // There is room again.
            #expect(try await running.client.send("GET", "/health/ready").status == 200)
            #expect(try await running.client.send("POST", "/v1/segment", body: png).status == 200)
        }
    }

    @Test func requestsThatComeTogetherShareAPass() async throws {
        let predictor = BrightnessPredictor(pause: .milliseconds(100))
        try await withService(predictor, settings: .test { ($0.batch, $0.batchDelay) = (4, .milliseconds(500)) }) {
            running in
            let answers = try await running.client.segment([[UInt8]](repeating: png, count: 8))
            #expect(answers.map(\.status) == [Int](repeating: 200, count: 8))
        }
        let batches = predictor.batches.withLock { $0 }
        #expect(batches.reduce(0, +) == 8 && batches.count <= 4 && (batches.max() ?? 0) > 1)
    }

    @Test func aFailureOfThisSideIsOneAndIsLogged() async throws {
        try await withService(BrightnessPredictor(fault: true)) { running in
            let answer = try await running.client.send("POST", "/v1/segment", body: png)
            #expect(answer.status == 500 && !answer.detail.contains("float32"))
            let id = try #require(answer.headers["x-request-id"])
            #expect(
                running.logLines.all.contains {
                    $0.contains(id) && $0.contains("float32") && $0.contains("\"level\":\"error\"")
                })
            #expect(answer.object["request_id"] as? String == id)
        }
    }

    @Test func theTokenIsTakenInEachForm() async throws {
        let token = "0123456789abcdef"
        try await withService(settings: .test { $0.token = token }) { running in
            let expect: @Sendable (Int, [String: String], String) async throws -> Void = { status, headers, path in
                let answer = try await running.client.send("GET", path, headers: headers)
                #expect(answer.status == status, "\(path) \(headers)")
            }
            try await expect(401, [:], "/v1/models")
            for path in ["/", "/health", "/health/live", "/health/ready", "/openapi.json", "/page.js"] {
                try await expect(200, [:], path)
            }
            try await expect(401, [:], "/metrics")
            try await expect(200, ["Authorization": "Bearer \(token)"], "/v1/models")
            try await expect(200, ["Token": token], "/v1/models")
            let basic = Data("anybody:\(token)".utf8).base64EncodedString()
            try await expect(200, ["Authorization": "Basic \(basic)"], "/v1/models")
            for wrong in ["Bearer \(token)x", "Bearer", "Bearer ", "Basic \(token)", "Basic ####", token] {
                try await expect(401, ["Authorization": wrong], "/v1/models")
            }
        }
    }

    @Test func pagesOfOtherSitesAreRefused() async throws {
        try await withService { running in
            for (site, status) in [("cross-site", 403), ("same-origin", 200), ("none", 200)] {
                let answer = try await running.client.send(
                    "POST", "/v1/segment", headers: ["Sec-Fetch-Site": site], body: png)
                #expect(answer.status == status, "\(site)")
            }
        }
    }

    @Test func otherMachinesAreServedWithATokenOnly() throws {
        var settings = ServiceSettings()
        for host in ["127.0.0.1", "127.1.2.3", "localhost", "::1"] {
            settings.host = host
            try settings.check()
        }
        for host in ["0.0.0.0", "::", "192.168.0.1", "127.evil.example", "127.0.0.1.evil.example"] {
            settings.host = host
            #expect(throws: ServiceError.self, "\(host)") { try settings.check() }
        }
        settings.allowsAnonymous = true
        try settings.check()
        settings.token = "short"
        #expect(throws: ServiceError.self) { try settings.check() }
    }

    @Test func theTokenComesFromAFileOrTheEnvironment() throws {
        try withTemporaryFolder { folder in
            let file = "\(folder)/token"
            #expect(try AccessToken.find(file: nil, environment: [:]) == nil)
            #expect(try AccessToken.find(file: nil, environment: ["TRANSEG_TOKEN": "abc"]) == "abc")
            #expect(throws: ServiceError.self) { try AccessToken.find(file: nil, environment: ["TRANSEG_TOKEN": ""]) }
            #expect(throws: ServiceError.self) { try AccessToken.find(file: file, environment: [:]) }
            try Data("secret\n".utf8).write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            #expect(try AccessToken.find(file: file, environment: ["TRANSEG_TOKEN": "abc"]) == "secret")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            #expect(throws: ServiceError.self) { try AccessToken.find(file: file, environment: [:]) }
        }
    }
}
#endif
