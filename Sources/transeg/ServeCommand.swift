import ArgumentParser
import Foundation
import Limits
import TransparencySegmentation
import TransparencyServer

#if Service
import Logging
#endif

/// `transeg serve`: masks over HTTP.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Segments pictures over HTTP, with a page for people.",
        discussion: """
            Loads one model and serves it until SIGTERM or Ctrl-C; what was accepted until then is answered, and the exit code is 0. The page is at \
            the root. Programs send pictures to /v1/segment; Label Studio, X-AnyLabeling and clients of KServe are answered in their own protocols \
            (Docs/service.md). No request opens a file or fetches an address.

              transeg serve
              curl --data-binary @bottle.jpg http://127.0.0.1:8000/v1/segment --output mask.png

            Only this machine is answered unless --host says otherwise, which wants a token: set TRANSEG_TOKEN, or give --token-file. There is no TLS; \
            on a network put a proxy before it. The log goes to standard error: lines of JSON, or text where that is a terminal.
            """)

    @OptionGroup var modelOptions: ModelOptions

    @Option(
        help: ArgumentHelp(
            "The address to listen at: a name or a number. 0.0.0.0 is all IPv4 addresses of this machine.",
            valueName: "host"))
    var host = "127.0.0.1"

    @Option(help: "The port to listen at; 0 takes a free one, which the log tells.")
    var port = 8000

    @Option(
        help: ArgumentHelp(
            "A file with the token that requests must show, in place of the variable TRANSEG_TOKEN. Others must not be able to read it.",
            valueName: "file"), completion: .file())
    var tokenFile: String?

    @Flag(help: "Answer everybody at a host that other machines reach, without a token.")
    var allowAnonymous = false

    @Option(help: "As in segment: the square or HEIGHTxWIDTH that pictures are squashed to for the model.")
    var size: SizeChoice?

    @Option(help: ArgumentHelp("As in segment: the longer side, keeping the pictures' aspect.", valueName: "side"))
    var fit: Int?

    @Option(
        help:
            "Pictures in one pass. More answer a crowd sooner on accelerators; on a CPU they only make each request wait for others."
    )
    var batch = 1

    @Option(
        help: ArgumentHelp(
            "How long the first picture of a pass waits for others, with --batch of 2 or more.",
            valueName: "milliseconds"))
    var batchDelay = 5

    @Option(
        help: ArgumentHelp(
            "Pictures that wait at once; further requests are told to come again later (503).", valueName: "count"))
    var queue = 64

    @Option(help: ArgumentHelp("Connections at once; further ones wait to be accepted.", valueName: "count"))
    var connections = 128

    @Option(help: ArgumentHelp("The longest a request may take.", valueName: "seconds"))
    var timeout = 120

    @Option(
        help: ArgumentHelp("The largest body of a request, up to 1GiB. (default: 32MiB)", valueName: "size"))
    var bodyLimit: MemorySize?

    @Option(help: ArgumentHelp("The most pixels of a picture.", valueName: "count"))
    var pixelLimit = 1 << 26

    @Flag(name: .shortAndLong, help: "Log warnings and errors only.")
    var quiet = false

    func validate() throws {
        if size != nil, fit != nil { throw ValidationError("--size and --fit exclude each other") }
        if host.isEmpty { throw ValidationError("--host is empty; name an address, such as 127.0.0.1") }
        try check("port", port, 0...65_535)
        try check("batch", batch, NumberBounds.batch)
        try check("batch-delay", batchDelay, 0...60_000)
        try check("queue", queue, 1...100_000)
        try check("connections", connections, 1...100_000)
        try check("timeout", timeout, 1...86_400)
        try check("pixel-limit", pixelLimit, 1...1 << 28)
        guard bodyLimit?.bytes ?? 0 <= 1 << 30 else { throw ValidationError("--body-limit is more than 1GiB") }
    }

    /// Throws ``ServiceError``.
    private func settings() throws -> ServiceSettings {
        var settings = ServiceSettings()
        (settings.host, settings.port) = (host, port)
        (settings.token, settings.allowsAnonymous) = (try AccessToken.find(file: tokenFile), allowAnonymous)
        settings.size = size?.size ?? fit.map(InputSize.fit)
        (settings.batch, settings.batchDelay) = (batch, .milliseconds(batchDelay))
        (settings.queueLimit, settings.connectionLimit) = (queue, connections)
        (settings.bodyLimit, settings.pixelLimit) = (bodyLimit?.bytes ?? settings.bodyLimit, pixelLimit)
        settings.timeout = .seconds(timeout)
        return settings
    }

    func run() async throws {
        let settings = try settings()
        #if Service
        try settings.check()
        let folder = try modelOptions.findModel()
        do {
            let (unit, largest) = try folder.inputLimits()
            _ = try settings.size?.dimensions(width: 1, height: 1, unit: unit, largest: largest)
        } catch let error as SegmentationError {
            throw ValidationError("\(error)")
        }
        // A connection that is gone must not end the program.
        signal(SIGPIPE, SIG_IGN)
        let logger = Self.logger(quiet: quiet)
        let segmenter = try await modelOptions.makeSegmenter(quiet: quiet)
        if !quiet { try ModelCalibration(of: segmenter.model)?.tellDoubt(of: segmenter) }
        let name = URL(fileURLWithPath: modelOptions.model ?? folder.path).lastPathComponent
        let service = try SegmentationService(
            segmenter: segmenter, name: name, settings: settings, logger: logger,
            onRunning: { logger.info("the page is at http://\(settings.host):\($0)/", metadata: ["port": "\($0)"]) })
        try await service.warmUp()
        try await service.runUntilSignal()
        #else
        _ = settings
        throw ServiceError(
            "this transeg was built without its service; build it with Scripts/build release, or with swift build --traits Service"
        )
        #endif
    }

    #if Service
    private static func logger(quiet: Bool) -> Logger {
        var logger = Logger(label: "transeg") { label -> any LogHandler in
            if isatty(STDERR_FILENO) == 1 { return StreamLogHandler.standardError(label: label) }
            return JSONLogHandler()
        }
        logger.logLevel = quiet ? .warning : .info
        return logger
    }
    #endif
}
