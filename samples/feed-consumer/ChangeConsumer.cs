using MassTransit;
using WatchHub.Messages;

namespace FeedConsumer;

/// <summary>Hears of changes, and that some may be missing.</summary>
internal sealed class ChangeConsumer(KeyCopy copy) : IConsumer<KeyChanged>, IConsumer<ChangesMissed>
{
    public Task Consume(ConsumeContext<KeyChanged> context)
    {
        var change = context.Message;
        if (copy.TryApply(change))
            Console.WriteLine($"{change.Revision} {(change.Deleted ? "deleted" : "put")} {change.Subject}");
        else
            Console.WriteLine($"{change.Revision} again {change.Subject}");
        return Task.CompletedTask;
    }

    public Task Consume(ConsumeContext<ChangesMissed> context)
    {
        // A copy that matters is read anew from the store here.
        Console.WriteLine($"changes from {context.Message.FromRevision} to {context.Message.ToRevision} may be missing");
        return Task.CompletedTask;
    }
}
