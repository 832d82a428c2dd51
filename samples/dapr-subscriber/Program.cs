using DaprSubscriber;

// DaprSubscriber FEED [URL]: prints each change of one feed, which its Dapr sidecar brings from RabbitMQ; see docs/dapr.md.
var feed = args.Length > 0 ? args[0] : "orders";
var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.UseUrls(args.Length > 1 ? args[1] : "http://127.0.0.1:5000");
builder.Services.AddSingleton<LastRevisions>();

var app = builder.Build();
// Takes what the sidecar wraps out of its CloudEvent again.
app.UseCloudEvents();
app.MapSubscribeHandler();
// Raw: what comes is MassTransit's envelope, which is no CloudEvent of its own; the attributes are those of the message in it.
app.MapPost("/changes", ChangeEndpoint.HandleAsync).WithTopic("feed", "distributed.feed." + feed, enableRawPayload: true);
app.Run();
