import Foundation
import Images
import Synchronization
import TestSupport
import Testing

/// What a run of the program left.
struct ProgramResult {
    let exitCode: Int32
    let output: String
    let outputBytes: Data
    let errors: String

    /// The errors' lines.
    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
}

/// The program as a user runs it.
enum Program {
    /// Beside the tests' own program.
    static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("transeg").path

    static func makeProcess(_ arguments: [String], in folder: String) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["HF_HOME": "\(folder)/no-cache", "XDG_CACHE_HOME": "\(folder)/cache"]) { $1 }
        return process
    }

    /// Runs it to its end.
    static func run(
        _ arguments: [String], in folder: String, input: Data = Data(), environment: [String: String] = [:]
    ) throws -> ProgramResult {
        let process = makeProcess(arguments, in: folder)
        process.environment?.merge(environment) { $1 }
        // Files, for a full pipe would make the program wait.
        let files = try ["in", "out", "err"].map { name in
            let path = "\(folder)/.\(UUID().uuidString).\(name)"
            try (name == "in" ? input : Data()).write(to: URL(fileURLWithPath: path))
            return path
        }
        defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
        process.standardInput = FileHandle(forReadingAtPath: files[0])
        process.standardOutput = FileHandle(forWritingAtPath: files[1])
        process.standardError = FileHandle(forWritingAtPath: files[2])
        try process.run()
        process.waitUntilExit()
        let output = try Data(contentsOf: URL(fileURLWithPath: files[1]))
        let errors = try Data(contentsOf: URL(fileURLWithPath: files[2]))
        return ProgramResult(
            exitCode: process.terminationStatus, output: String(decoding: output, as: UTF8.self), outputBytes: output,
            errors: String(decoding: errors, as: UTF8.self))
    }
}

/// A picture with something in it, the same for the same seed.
func drawnPicture(width: Int, height: Int, seed: Int = 0) throws -> Image {
    var state = UInt64(seed + 1) &* 0x9E37_79B9_7F4A_7C15
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let noise = Int(state >> 60)
            pixels += [UInt8((x * 3 + noise) % 256), UInt8((y * 5 + noise) % 256), UInt8((x + y + noise) % 256)]
        }
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
}

/// The golden model that the program is run with.
let tinyModel = "\(goldens)/tiny-0"

/// Names in a folder that do not begin with a dot, in order.
func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
}
