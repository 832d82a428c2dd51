using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;

namespace ApiGateway.Host.ClientPort;

/// <summary>
/// The first step of a stop: clients leave before anything that serves them goes. Their connections are told to end, streams that would stay for ever are ended with an
/// error that clients take for "go on elsewhere", and requests under way get their answers from a member that is still whole.
/// </summary>
internal sealed class ClientDrain(
    IEnumerable<ClientPortListener> ports, StreamGuards streams, StopNotice notice, GatewayOptions options, TimeProvider time, ILogger<ClientDrain> logger) : IHostedLifecycleService
{
    // Less than a stop may take in all: what follows needs some of it.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(3);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        notice.Give();
        // Who looks at the readiness tells nobody when it has seen it.
        if (options.StopDelay > TimeSpan.Zero)
            await Task.Delay(options.StopDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var limit = new CancellationTokenSource(s_limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        // The ports first: a client whose stream ends has heard by then that it should look elsewhere.
        var draining = ports.Select(port => port.DrainAsync(either.Token)).ToArray();
        streams.EndAll(EtcdError.ServerStopped);
        try
        {
            await Task.WhenAll(draining).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            logger.ClientsStayed();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
