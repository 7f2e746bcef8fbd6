#if Service
import Foundation
import Images
import Testing

@testable import TransparencyServer

@Suite struct ShutdownTests {
    /// What was accepted before the service is to stop is answered; then it ends.
    @Test func whatWasAcceptedIsAnswered() async throws {
        let png = try halfBright().pngData()
        let predictor = BrightnessPredictor(held: true)
        let statuses = try await withService(predictor) { running in
            async let answers = running.client.segment([[UInt8]](repeating: png, count: 6))
            // All are accepted once the last waits behind the first, whose pass does not end before.
            while try await !running.client.send("GET", "/metrics").text.contains("transeg_queue_pictures 6") {
                try await Task.sleep(for: .milliseconds(10))
            }
            await running.stop()
            predictor.release()
            return try await answers.map(\.status)
        }
        #expect(statuses == [200, 200, 200, 200, 200, 200])
    }

    /// Bytes that are no requests end their connections, and nothing else.
    @Test func whatIsNoRequestIsRefused() async throws {
        try await withService(settings: .test { $0.idleTimeout = .seconds(1) }) { running in
            for text in [
                "\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                "POST /v1/segment HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                "POST /v1/segment HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n",
            ] {
                // An answer of refusal, or none at all.
                if let answer = try? await running.client.exchange(Array(text.utf8)) {
                    #expect((400..<500).contains(answer.status), "\(text.prefix(30)): \(answer.status)")
                }
            }
            // One that goes away in the middle.
            let descriptor = try running.client.connected()
            _ = Array("POST /v1/segment HTTP/1.1\r\nContent-Length: 999\r\n\r\nx".utf8).withUnsafeBytes {
                write(descriptor, $0.baseAddress, $0.count)
            }
            close(descriptor)
            #expect(try await running.client.send("GET", "/health/live").status == 200)
        }
    }
}
#endif
