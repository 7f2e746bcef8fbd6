import Foundation

/// A run of ffmpeg or ffprobe: a process with pipes, and what it says on standard error.
///
/// Files of others may name anything, so that nothing but files is opened, playlists that name other files are no videos (``bounds``), and names
/// are given as `file:`.
final class Helper: Sendable {
    private let process: Process
    private let errors: FileHandle
    /// What the process writes; nil where it reads.
    let output: FileHandle?
    /// What the process reads; nil where it writes.
    let input: FileHandle?

    /// Options before an input: what may be opened, and the containers that are videos by themselves.
    static let bounds = [
        "-protocol_whitelist", "file", "-format_whitelist",
        "mov,matroska,webm,avi,mpeg,mpegts,mpegvideo,m4v,h264,hevc,asf,flv,ogg,mxf,dv,ivf,nut",
    ]

    enum Direction { case reading, writing }

    /// Starts a program. Throws ``VideoError/noProgram(_:)``.
    init(_ program: String, _ arguments: [String], _ direction: Direction) throws {
        guard let path = Self.path(of: program), let file = tmpfile() else { throw VideoError.noProgram(program) }
        // The stream is never used, and lives as long as the process does.
        errors = FileHandle(fileDescriptor: dup(fileno(file)), closeOnDealloc: true)
        fclose(file)
        process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardError = errors
        let pipe = Pipe()
        switch direction {
        case .reading:
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = pipe
            (output, input) = (pipe.fileHandleForReading, nil)
        case .writing:
            process.standardInput = pipe
            process.standardOutput = FileHandle.nullDevice
            (output, input) = (nil, pipe.fileHandleForWriting)
        }
        do { try process.run() } catch { throw VideoError.noProgram(program) }
    }

    private static func path(of program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// How a file is named to it.
    static func file(_ path: String) -> String { "file:\(path)" }

    func stop() { if process.isRunning { process.terminate() } }

    /// Ends the process at once and waits until it is gone: one that only begins would still make its file.
    func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Waits for the end; the last line that it said, nil where all went well.
    func failure() -> String? {
        process.waitUntilExit()
        guard process.terminationReason != .exit || process.terminationStatus != 0 else { return nil }
        lseek(errors.fileDescriptor, 0, SEEK_SET)
        let text = String(decoding: (try? errors.readToEnd()) ?? Data(), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        // Behind it ffmpeg says "Invalid argument" of the file.
        if lines.contains(where: { $0.contains("Format not on whitelist") }) {
            return "it is no video by itself but a picture, a playlist or something else"
        }
        let line = lines.last { !$0.isEmpty && !$0.hasPrefix("Conversion failed") }
        // "[h264 @ 0x5566] text": the address tells nobody anything.
        return line.map { $0.replacing(#/ @ 0x[0-9a-f]+/#, with: "") } ?? "it gives no reason"
    }
}
