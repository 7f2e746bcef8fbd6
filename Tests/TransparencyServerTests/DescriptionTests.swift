#if Service
import Foundation
import HTTPTypes
import Testing

@testable import TransparencyServer

@Suite struct DescriptionTests {
    /// openapi.json has the routes, no more and no less, and says of each whether it wants a token.
    @Test func theDescriptionIsThatOfTheRoutes() async throws {
        let (document, routes) = try await withService { running in
            (try await running.client.send("GET", "/openapi.json").body, running.service.routes)
        }
        let object = try #require(try JSONSerialization.jsonObject(with: Data(document)) as? [String: Any])
        #expect(object["openapi"] as? String == "3.1.0")
        let paths = try #require(object["paths"] as? [String: [String: [String: Any]]])
        let described = paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } }
        #expect(Set(described) == Set(routes.map { "\($0.method.rawValue) \($0.path)" }))
        for route in routes {
            let operation = try #require(paths[route.path]?[route.method.rawValue.lowercased()])
            #expect((operation["security"] != nil) == route.isOpen, "\(route.path)")
            #expect(operation["operationId"] != nil && operation["summary"] != nil && operation["responses"] != nil)
        }
    }

    @Test func thePageNamesNothingOfAnotherOrigin() async throws {
        try await withService { running in
            let page = try await running.client.send("GET", "/")
            let policy = page.headers["content-security-policy"] ?? ""
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("http"))
            for path in ["/", "/page.css", "/page.js", "/mask.js"] {
                let text = try await running.client.send("GET", path).text
                #expect(!text.contains("//cdn") && !text.contains("https:") && !text.contains("http:"), "\(path)")
            }
            #expect(!page.text.contains("style=") && !page.text.contains("onclick"))
        }
    }

    @Test func otherMethodsAndAddressesAreToldWhatThereIs() async throws {
        try await withService { running in
            for method in ["GET", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "QUERY"] {
                let answer = try await running.client.send(method, "/v1/segment")
                #expect(answer.status == 405 && answer.headers["allow"] == "POST", "\(method)")
            }
            #expect(try await running.client.send("HEAD", "/health/live").status == 200)
            #expect(try await running.client.send("GET", "/none").status == 404)
            #expect(try await running.client.send("GET", "/../etc/passwd").status == 404)
        }
    }
}
#endif
