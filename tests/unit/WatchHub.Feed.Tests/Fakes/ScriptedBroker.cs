using WatchHub.Feed.Broker;
using WatchHub.Feed.Core.Delivery;

namespace WatchHub.Feed.Tests.Fakes;

/// <summary>Answers as it was told, then confirms everything.</summary>
internal sealed class ScriptedBroker(params SendOutcome[] outcomes) : IBroker
{
    private readonly Queue<SendOutcome> _outcomes = new(outcomes);

    public List<Letter> Letters { get; } = [];

    /// <summary>Called before each answer.</summary>
    public Action OnSend { get; init; } = static () => { };

    public Task<SendResult> SendAsync(Letter letter, CancellationToken cancellation)
    {
        OnSend();
        Letters.Add(letter);
        return Task.FromResult(new SendResult(_outcomes.TryDequeue(out var outcome) ? outcome : SendOutcome.Confirmed, "as told"));
    }

    public ValueTask DisposeAsync() => default;
}
