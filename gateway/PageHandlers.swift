import HTTP
import Models
import Service

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// HTML.
enum PageMedia: MediaTypes { static var names: [String] { ["text/html"] } }

/// The dashboard, which is part of the program, and Swagger UI, from a folder beside it.
struct PageHandlers: Sendable {
    /// The dashboard's modules, and what the pages beside it run.
    private static let scripts: [String: [UInt8]] = [
        "app.js": PackageResources.app_js, "api.js": PackageResources.api_js, "dom.js": PackageResources.dom_js,
        "overview.js": PackageResources.overview_js, "goals.js": PackageResources.goals_js,
        "board.js": PackageResources.board_js, "runs.js": PackageResources.runs_js, "output.js": PackageResources.output_js,
        "agents.js": PackageResources.agents_js, "projects.js": PackageResources.projects_js,
        "swagger.js": PackageResources.swagger_js, "operations.js": PackageResources.operations_js,
    ]

    private let swaggerFolder: String?

    init(swaggerFolder: String?) {
        let beside = Executables.folder + "/swagger-ui"
        let isThere = FileManager.default.fileExists(atPath: beside + "/swagger-ui-bundle.js")
        self.swaggerFolder = swaggerFolder ?? (isThere ? beside : nil)
    }

    func dashboard(_ call: Call) -> Content<PageMedia> {
        Content(PageHandlers.page(PackageResources.index_html, PageSecurity.policy, call))
    }

    func swagger(_ call: Call) -> Content<PageMedia> {
        guard swaggerFolder != nil else {
            return Content(PageHandlers.page(PackageResources.operations_html, PageSecurity.policy, call))
        }
        return Content(PageHandlers.page(PackageResources.swagger_html, PageSecurity.swaggerPolicy, call))
    }

    func dashboardFile(_ call: Call) throws -> Content<AnyMedia> {
        let name = call.parameter("file")
        if name == "style.css" { return Content(PageHandlers.asset(PackageResources.style_css, "text/css")) }
        guard let script = PageHandlers.scripts[name] else { throw ServiceError.notFound("file") }
        return Content(PageHandlers.asset(script, "text/javascript"))
    }

    /// One of Swagger UI's own files.
    func swaggerFile(_ call: Call) throws -> Content<AnyMedia> {
        let types = ["swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"]
        let name = call.parameter("file")
        guard let swaggerFolder, let type = types[name],
            let data = FileManager.default.contents(atPath: swaggerFolder + "/" + name)
        else { throw ServiceError.notFound("file") }
        return Content(PageHandlers.asset(Array(data), type))
    }

    private static func asset(_ bytes: [UInt8], _ type: String) -> Response {
        var headers = Headers()
        headers.add("content-type", "\(type); charset=utf-8".utf8)
        headers.add("x-content-type-options", "nosniff".utf8)
        headers.add("cache-control", "no-cache".utf8)
        return Response(.ok, headers: headers, body: .bytes(bytes))
    }

    private static func page(_ bytes: [UInt8], _ policy: String, _ call: Call) -> Response {
        var response = asset(bytes, "text/html")
        PageSecurity.add(policy, to: &response.headers, isSecure: call.request.tls != nil)
        return response
    }
}
