using WatchHub.Feed.Core.Delivery;
using WatchHub.Messages;

namespace WatchHub.Feed.Broker;

/// <summary>Takes messages. Thread-safe.</summary>
internal interface IBroker : IAsyncDisposable
{
    /// <summary>
    /// One attempt: completes when the broker has confirmed or refused, or counts as away. Messages that are sent one after the other, each when the one before is confirmed, are in
    /// that order in every queue that has them.
    /// </summary>
    /// <exception cref="OperationCanceledException">Given up: it may or may not be there.</exception>
    Task<SendResult> SendAsync(Letter letter, CancellationToken cancellation);
}

/// <summary>What is sent where.</summary>
/// <param name="Exchange">Made, durable and of type fanout, when there is none.</param>
/// <param name="Message">Of one of the types in <see cref="WatchHub.Messages"/>.</param>
/// <param name="DeadBecause">Not null: it is a dead letter, and a queue of the exchange's name is made and bound as well.</param>
internal sealed record Letter(string Exchange, StoreMessage Message, string? DeadBecause = null);

/// <summary>Outcome of an attempt.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">In the broker's words.</param>
internal readonly record struct SendResult(SendOutcome Outcome, string Reason);
