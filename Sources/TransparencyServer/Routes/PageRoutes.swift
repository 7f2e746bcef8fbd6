#if Service
import HTTPTypes
import Hummingbird

/// The page for people, its files, and the description for programs. All of them are in the program itself.
struct PageRoutes {
    var routes: [Route] {
        [
            file("/", PackageResources.page_html, "text/html; charset=utf-8"),
            file("/page.css", PackageResources.page_css, "text/css; charset=utf-8"),
            file("/page.js", PackageResources.page_js, "text/javascript; charset=utf-8"),
            file("/mask.js", PackageResources.mask_js, "text/javascript; charset=utf-8"),
            file("/icon.svg", PackageResources.icon_svg, "image/svg+xml"),
            file("/openapi.json", PackageResources.openapi_json, "application/json"),
        ]
    }

    /// Nothing of another origin, nothing within the markup, and no place in another site's frame.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private func file(_ path: String, _ bytes: [UInt8], _ type: String) -> Route {
        Route(.get, path, isOpen: true) { _, _ in
            var headers = HTTPFields()
            headers[.contentSecurityPolicy] = Self.policy
            headers[.referrerPolicy] = "no-referrer"
            headers[.cacheControl] = "no-cache"
            return Response(bytes, type: type, headers: headers)
        }
    }
}

extension HTTPField.Name {
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
#endif
