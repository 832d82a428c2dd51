using Microsoft.Extensions.Logging;
using WatchHub.Feed.Broker;
using WatchHub.Feed.Core.Delivery;
using WatchHub.Feed.Core.Keys;
using WatchHub.Messages;

namespace WatchHub.Feed.Publishing;

/// <summary>
/// Publishes the messages of one feed, each until the broker has it or the dead-letter queue does. While the broker is away nothing is given up: the caller waits, and with it whatever it
/// reads from.
/// </summary>
#pragma warning disable CA1001 // A semaphore that nobody takes a wait handle of has nothing to dispose.
internal sealed class Publisher(string feed, IBroker broker, FeedFigures figures, FeedOptions options, TimeProvider time, ILogger logger)
#pragma warning restore CA1001
{
    private readonly string _exchange = options.ExchangeOf(feed);

    // Suspects go one at a time, so that one message's refusal is not counted for the others that it took down.
    private readonly SemaphoreSlim _suspects = new(1, 1);

    // Lanes fail together when the broker goes away, or does not let them in: one of them says so.
    private int _isFailing, _isShutOut;

    /// <summary>Name of the exchange, and of the queue, that dead letters of an exchange go to.</summary>
    public static string DeadLetters(string exchange) => exchange + ".dead-letter";

    /// <exception cref="OperationCanceledException">Given up: it may or may not be there.</exception>
    public async Task PublishAsync(StoreMessage message, CancellationToken cancellation)
    {
        var (refusals, isSuspect) = (0, false);
        var retry = new Backoff(options, time);
        while (true)
        {
            var sent = IsTooLarge(message)
                ? new SendResult(SendOutcome.TooLarge, $"key and value have more than {options.MaxEventBytes} bytes")
                : await SendAsync(new Letter(_exchange, message), isSuspect, cancellation).ConfigureAwait(false);
            isSuspect |= sent.Outcome == SendOutcome.Suspected;
            if (sent.Outcome == SendOutcome.Refused)
                refusals++;
            switch (DeliveryRule.After(sent.Outcome, refusals, options.MaxRefusals))
            {
                case DeliveryStep.Done:
                    Recovered();
                    figures.Published.Increment();
                    return;
                case DeliveryStep.DeadLetter:
                    await BuryAsync(message, sent, refusals, cancellation).ConfigureAwait(false);
                    return;
                default:
                    Failed(message, sent);
                    await retry.WaitAsync(cancellation).ConfigureAwait(false);
                    break;
            }
        }
    }

    // Without end: a message is in one of the two places before the feed goes on.
    private async Task BuryAsync(StoreMessage message, SendResult refused, int refusals, CancellationToken cancellation)
    {
        var (letter, retry) = (refused.Outcome == SendOutcome.TooLarge ? KeyMessages.WithoutValue(message) : message, new Backoff(options, time));
        while (true)
        {
            var sent = await SendAsync(new Letter(DeadLetters(_exchange), letter, refused.Reason), isSuspect: true, cancellation).ConfigureAwait(false);
            if (sent.Outcome == SendOutcome.Confirmed)
                break;
            // Whatever made it unwelcome, the value is most of it.
            if (sent.Outcome == SendOutcome.Refused)
                letter = KeyMessages.WithoutValue(message);
            Failed(message, sent);
            await retry.WaitAsync(cancellation).ConfigureAwait(false);
        }
        Recovered();
        figures.DeadLetters.Increment();
        Log.DeadLetter(logger, feed, message.Id, refusals, refused.Reason);
    }

    private async Task<SendResult> SendAsync(Letter letter, bool isSuspect, CancellationToken cancellation)
    {
        if (!isSuspect)
            return await broker.SendAsync(letter, cancellation).ConfigureAwait(false);
        await _suspects.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var sent = await broker.SendAsync(letter, cancellation).ConfigureAwait(false);
            return sent with { Outcome = DeliveryRule.Alone(sent.Outcome) };
        }
        finally
        {
            _suspects.Release();
        }
    }

    private bool IsTooLarge(StoreMessage message) => message is KeyChanged change && change.Key.Length + change.Value.Length > options.MaxEventBytes;

    private void Failed(StoreMessage message, SendResult sent)
    {
        figures.Retries.Increment();
        if (sent.Outcome == SendOutcome.NotAllowed)
        {
            // Nothing that passes by itself, as an outage does.
            var news = Interlocked.Exchange(ref _isShutOut, 1) == 0 ? LogLevel.Error : LogLevel.Debug;
            // Before the flag: whoever takes that down takes this down after it.
            figures.AccessRefused.Value = 1;
            Volatile.Write(ref _isFailing, 1);
            Log.NotAllowed(logger, news, feed, sent.Reason);
            return;
        }
        var level = Interlocked.Exchange(ref _isFailing, 1) == 0 ? LogLevel.Warning : LogLevel.Debug;
        Log.SendFailed(logger, level, feed, message.Id, sent.Outcome, sent.Reason);
    }

    private void Recovered()
    {
        if (Volatile.Read(ref _isFailing) == 0 || Interlocked.Exchange(ref _isFailing, 0) == 0)
            return;
        Volatile.Write(ref _isShutOut, 0);
        figures.AccessRefused.Value = 0;
        Log.SendRecovered(logger, feed);
    }
}
