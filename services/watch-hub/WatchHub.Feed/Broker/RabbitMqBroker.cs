using System.Diagnostics.CodeAnalysis;
using MassTransit;
using Microsoft.Extensions.Logging;
using WatchHub.Feed.Core;
using WatchHub.Feed.Core.Delivery;
using WatchHub.Messages;

namespace WatchHub.Feed.Broker;

/// <summary>
/// RabbitMQ by way of MassTransit: one connection, publisher confirms, persistent messages. While there is no connection an attempt ends with <see cref="SendOutcome.Unavailable"/>, or with
/// <see cref="SendOutcome.NotAllowed"/> when the broker refused it: then another is made at the first attempt that comes <see cref="FeedOptions.RetryMax"/> later, with the password that
/// the file has by then.
/// </summary>
internal sealed class RabbitMqBroker(FeedOptions options, TimeProvider time, ILoggerFactory loggers) : IBroker
{
    /// <summary>Header of a dead letter that says why it is one.</summary>
    public const string ReasonHeader = "Distributed-Dead-Letter-Reason";

    private readonly Lock _gate = new();
    private BusConnection? _connection;

    // Of the connection before this one, if the broker refused it; and when that was.
    private SendResult? _refusal;
    private long _refusedAt;

    public async Task<SendResult> SendAsync(Letter letter, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.ConfirmPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        BusConnection? connection = null;
        try
        {
            if (!TryConnect(out connection, out var refusal))
                return refusal;
            await connection.Started.WaitAsync(options.ConnectPatience, time, either.Token).ConfigureAwait(false);
            var endpoint = await connection.EndpointAsync(AddressOf(letter)).WaitAsync(either.Token).ConfigureAwait(false);
            // As what it is, not as what it is declared as: the type is what consumers subscribe to.
            var envelope = new Envelope(letter, options.Mandatory);
            var sending = endpoint.Send((object)letter.Message, letter.Message.GetType(), envelope, either.Token);
            // MassTransit would send again and again by itself whatever closes a channel, for as long as it takes: the first fault is the outcome here.
            if (await Task.WhenAny(sending, envelope.Fault).WaitAsync(either.Token).ConfigureAwait(false) != sending)
            {
                await either.CancelAsync().ConfigureAwait(false);
                return await FailedAsync(connection, await envelope.Fault.ConfigureAwait(false)).ConfigureAwait(false);
            }
            await sending.ConfigureAwait(false);
            return new SendResult(SendOutcome.Confirmed, "");
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            return new SendResult(SendOutcome.Unavailable, $"not confirmed in {options.ConfirmPatience.TotalSeconds} s");
        }
        catch (TimeoutException)
        {
            return connection?.WhyAway() is { } failed
                ? await FailedAsync(connection, failed).ConfigureAwait(false)
                : new SendResult(SendOutcome.Unavailable, $"not connected in {options.ConnectPatience.TotalSeconds} s");
        }
#pragma warning disable CA1031 // Whatever it threw says what became of the message.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            return await FailedAsync(connection, failed).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        BusConnection? last;
        lock (_gate)
            (last, _connection) = (_connection, null);
        if (last is not null)
            await last.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The connection there is, or a new one; neither soon after the broker has refused one.</summary>
    private bool TryConnect([NotNullWhen(true)] out BusConnection? connection, out SendResult refusal)
    {
        lock (_gate)
        {
            refusal = _refusal.GetValueOrDefault();
            connection = _connection;
            if (connection is null && _refusal is not null && time.GetElapsedTime(_refusedAt) < options.RetryMax)
                return false;
            connection = _connection ??= new BusConnection(options, time, loggers, new FaultObserver());
            return true;
        }
    }

    private async Task<SendResult> FailedAsync(BusConnection? connection, Exception failed)
    {
        var result = BrokerFailure.Read(failed);
        if (connection is null || !IsOver(connection, failed, result))
            return result;
        lock (_gate)
        {
            // Another message has met the same already.
            if (_connection != connection)
                return result;
            (_connection, _refusal, _refusedAt) = (null, result, time.GetTimestamp());
        }
        await connection.DisposeAsync().ConfigureAwait(false);
        return result;
    }

    // Of a refusal that it takes for passing, such as of the virtual host, MassTransit would wait up to a minute, with the password that it knows.
    private static bool IsOver(BusConnection connection, Exception failed, SendResult result) =>
        connection.Started.IsFaulted || BrokerFailure.EndsConnection(failed) || (result.Outcome == SendOutcome.NotAllowed && !connection.Started.IsCompleted);

    private static Uri AddressOf(Letter letter) =>
        new($"exchange:{letter.Exchange}?type=fanout" + (letter.DeadBecause is null ? "" : $"&bind=true&queue={letter.Exchange}"));

    /// <summary>What goes with a message outside it.</summary>
    private sealed class Envelope(Letter letter, bool mandatory) : IPipe<SendContext>
    {
        private readonly TaskCompletionSource<Exception> _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when an attempt to send it failed.</summary>
        public Task<Exception> Fault => _fault.Task;

        public void Fail(Exception reason) => _fault.TrySetResult(reason);

        public Task Send(SendContext context)
        {
            var message = letter.Message;
            context.AddOrUpdatePayload(() => this, _ => this);
            context.MessageId = EventIds.MessageId(message.Source, message.Id);
            context.Durable = true;
            if (letter.DeadBecause is { } reason)
                context.Headers.Set(ReasonHeader, reason);
            else if (mandatory && context.TryGetPayload(out RabbitMqSendContext? toRabbitMq))
                toRabbitMq.Mandatory = true;
            return Task.CompletedTask;
        }

        public void Probe(ProbeContext context) => context.CreateScope("feed");
    }

    /// <summary>Tells an envelope that its sending failed.</summary>
    private sealed class FaultObserver : ISendObserver
    {
        public Task PreSend<T>(SendContext<T> context)
            where T : class => Task.CompletedTask;

        public Task PostSend<T>(SendContext<T> context)
            where T : class => Task.CompletedTask;

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class
        {
            if (context.TryGetPayload(out Envelope? envelope))
                envelope.Fail(exception);
            return Task.CompletedTask;
        }
    }
}
