#if Service
import Foundation
import HTTPTypes
import Hummingbird

/// Who is answered: everybody, or who shows the token.
///
/// The token comes as `Authorization: Bearer …`, as the password of HTTP's basic authentication (Label Studio), or as `Token: …`
/// (X-AnyLabeling). Other sites' pages are refused, for a browser would carry out their requests on this machine.
struct Gatekeeper: RouterMiddleware {
    let token: String?
    /// Routes that need no token: the page's files, health and the description.
    let openPaths: Set<String>

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        if request.method != .get, request.method != .head, request.headers[.fetchSite] == "cross-site" {
            var problem = Problem(.forbidden, "pages of other sites may not use this service")
            problem.closesConnection = true
            throw problem
        }
        if let token, !openPaths.contains(request.uri.path),
            !shown(request.headers).contains(where: { AccessToken.isEqual($0, token) })
        {
            var problem = Problem(
                .unauthorized, "this service wants a token: Authorization: Bearer TOKEN", code: "UNAUTHORIZED")
            problem.headers[.wwwAuthenticate] = "Bearer realm=\"transeg\""
            problem.closesConnection = true
            throw problem
        }
        return try await next(request, context)
    }

    private func shown(_ headers: HTTPFields) -> [String] {
        var found = headers[.token].map { [$0] } ?? []
        let words = (headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return found }
        switch words[0].lowercased() {
        case "bearer": found.append(String(words[1]))
        case "basic":
            guard let data = Data(base64Encoded: String(words[1])) else { break }
            let text = String(decoding: data, as: UTF8.self)
            if let colon = text.firstIndex(of: ":") { found.append(String(text[text.index(after: colon)...])) }
        default: break
        }
        return found
    }
}
#endif
