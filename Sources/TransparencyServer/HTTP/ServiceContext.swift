#if Service
import Foundation
import Hummingbird
import Logging
import NIOCore

/// What belongs to one request: its number in the log, its connection, and when its time is over.
struct ServiceContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let start = ContinuousClock.now
    /// Twelve letters and digits, also in the log and in the response.
    let requestID = UUID().uuidString.replacing("-", with: "").lowercased().prefix(12).description

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        coreContext = CoreRequestContextStorage(
            source: ApplicationRequestContextSource(channel: channel, logger: source.logger.tagged(requestID)))
    }
}

extension Logger {
    fileprivate func tagged(_ id: String) -> Logger {
        var logger = self
        logger[metadataKey: "hb.request.id"] = nil
        logger[metadataKey: "request_id"] = .string(id)
        return logger
    }
}
#endif
