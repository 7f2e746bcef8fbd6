#if Service
import HTTPTypes
import Hummingbird

/// Tells whoever asks a known address by another method which ones it takes. The router alone would say that there is nothing.
struct MethodGate: RouterMiddleware {
    private let addresses: [(path: [Substring], methods: Set<HTTPRequest.Method>)]

    init(_ routes: [Route]) {
        addresses = Dictionary(grouping: routes, by: \.path).map { path, members in
            let methods = Set(members.map(\.method))
            return (path.split(separator: "/"), methods.contains(.get) ? methods.union([.head]) : methods)
        }
    }

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path.split(separator: "/")
        let address = addresses.first { address in
            address.path.count == path.count && zip(address.path, path).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }
        guard let methods = address?.methods, !methods.contains(request.method) else {
            return try await next(request, context)
        }
        let names = methods.map(\.rawValue).sorted().joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "this address takes \(names)")
        problem.headers[.allow] = names
        throw problem
    }
}
#endif
