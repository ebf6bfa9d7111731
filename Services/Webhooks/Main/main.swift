import Service
import Webhooks

await ServiceMain.run(WebhooksService.self)
