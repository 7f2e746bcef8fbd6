public import TransparencySegmentation

/// Where a ``SegmentationService`` listens, whom it answers, and how much of anything it takes.
public struct ServiceSettings: Sendable {
    /// The address to listen at; only this machine reaches the default.
    public var host = "127.0.0.1"
    /// The port to listen at; 0 for any that is free.
    public var port = 8000
    /// What requests must show to be answered; nil for everybody.
    public var token: String?
    /// Whether a host beyond this machine may be served without a token.
    public var allowsAnonymous = false
    /// Bytes of a request's body.
    public var bodyLimit = 32 << 20
    /// Pixels of a picture.
    public var pixelLimit = 1 << 26
    /// How long a request may take, from its head to its result.
    public var timeout = Duration.seconds(120)
    /// How long a connection may be open without a request under way.
    var idleTimeout = Duration.seconds(60)
    /// Connections at once; others wait to be accepted.
    public var connectionLimit = 128
    /// Pictures that are accepted and not yet answered; a request beyond gets 503.
    public var queueLimit = 64
    /// Pictures of one pass.
    public var batch = 1
    /// How long the first picture of a pass waits for others; without effect where ``batch`` is 1.
    public var batchDelay = Duration.milliseconds(5)
    /// What pictures are brought to for the model; nil for its own size.
    public var size: InputSize?

    public init() {}

    /// Whether only this machine reaches the host.
    var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.split(separator: ".").count == 4
    }

    /// Throws ``ServiceError`` for a host that others reach without a token.
    package func check() throws {
        guard isLoopback || token != nil || allowsAnonymous else {
            throw ServiceError(
                "\(host) can be reached from other machines, and no token is set; set TRANSEG_TOKEN or --token-file, "
                    + "or serve everybody with --allow-anonymous")
        }
        if let token {
            guard (16...4096).contains(token.utf8.count), token.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
                throw ServiceError(
                    "the token has \(token.utf8.count) bytes; 16 to 4096 printable ASCII characters without spaces were "
                        + "expected, such as those of: openssl rand -hex 32")
            }
        }
    }
}
