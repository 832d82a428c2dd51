using System.Text.Json;
using WatchHub.Messages;

namespace DaprSubscriber;

/// <summary>Hears of changes, and that some may be missing. Whatever but success has the sidecar bring the message again.</summary>
internal static class ChangeEndpoint
{
    public static async Task<IResult> HandleAsync(HttpRequest request, LastRevisions last)
    {
        using var envelope = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
        var message = envelope.RootElement.GetProperty("message");
        switch (message.GetProperty("type").GetString())
        {
            case MessageTypes.KeyPut or MessageTypes.KeyDeleted:
                var change = message.Deserialize<KeyChanged>(JsonSerializerOptions.Web)!;
                Console.WriteLine(last.TryAdvance(change.Subject, change.Revision)
                    ? $"{change.Revision} {(change.Deleted ? "deleted" : "put")} {change.Subject}"
                    : $"{change.Revision} again {change.Subject}");
                break;
            case MessageTypes.ChangesMissed:
                // A copy that matters is read anew from the store here.
                var missed = message.Deserialize<ChangesMissed>(JsonSerializerOptions.Web)!;
                Console.WriteLine($"changes from {missed.FromRevision} to {missed.ToRevision} may be missing");
                break;
        }
        return Results.Ok();
    }
}
