import Foundation
import Testing

@testable import TensorBoard

/// Event files byte for byte as TensorBoard's own package writes them (Tools/check_tracking.py fixture).
@Suite struct EventFileTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path
    private let parameters: [(name: String, value: HyperParameters.Value)] = [
        ("lr", .number(2e-6)), ("data_type", .text("bf16")), ("augment", .bool(false)),
    ]
    private let time = 1_700_000_000.25

    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func contents(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
    }

    /// RFC 3720, appendix B.4.
    @Test func checksums() {
        #expect(CRC32C.checksum([]) == 0)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(Array(0..<32)) == 0x46DD_794E)
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    }

    @Test func bytesAreThoseOfTensorBoard() throws {
        try withFolder { folder in
            let file = try EventFile(in: folder, firstStep: 301, now: { time })
            try file.append(
                [
                    .text("settings", "a *text* with ü"), HyperParameters.experiment(parameters, metrics: ["val/iou"]),
                    HyperParameters.sessionStart(parameters, time: time),
                ], step: 300)
            try file.append(
                [.scalar("train/loss", 0.125), .scalar("train/lr", 0), .scalar("train/grad_norm", .nan)], step: 301)
            let picture = Array(UInt8.min...UInt8.max) + Array(UInt8.min...UInt8.max)
            try file.append([.image("validation/1", png: picture, width: 300, height: 2)], step: 1 << 40)
            #expect(try contents(file.path) == contents("\(Self.fixtures)/golden.tfevents"))

            try EventFile.writeEnding(.success, step: 301, in: folder, now: { time })
            let ending = try #require(try names(folder).last)
            #expect(try contents("\(folder)/\(ending)") == contents("\(Self.fixtures)/golden.tfevents.ending"))
        }
    }

    /// TensorBoard goes by the order of names.
    @Test func laterFilesHaveLaterNames() throws {
        try withFolder { folder in
            let first = try EventFile(in: folder, firstStep: 0, now: { time })
            // The clock was put back.
            let second = try EventFile(in: folder, firstStep: 1, now: { time - 1000 })
            #expect(try names(folder) == [first.path, second.path].map { ($0 as NSString).lastPathComponent })
        }
    }

    @Test func aRunThatGoesOnHasNotEnded() throws {
        try withFolder { folder in
            _ = try EventFile(in: folder, firstStep: 0)
            try EventFile.writeEnding(.failure, step: 1, in: folder)
            #expect(try names(folder).count == 2)
            let file = try EventFile(in: folder, firstStep: 2)
            let left = try names(folder)
            #expect(left.count == 2 && !left.contains { $0.hasSuffix(".ending") })
            // What is appended stays behind what is there.
            let before = try contents(file.path)
            try file.append([.scalar("a", 1)], step: 2)
            #expect(try contents(file.path).starts(with: before))
        }
    }
}
