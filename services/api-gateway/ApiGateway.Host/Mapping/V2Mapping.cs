using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Proposing;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace ApiGateway.Host.Mapping;

/// <summary>
/// Has v2 keys mapped to v3 keys, when this process was told to: before anybody is served, for what is written until then would have to be made alike. The state machine decides, and remembers; a
/// process whose wish it does not grant ends, with one line that says why. Thread-safe.
/// </summary>
public sealed class V2Mapping(GatewayOptions options, Proposer proposer, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<V2Mapping> logger)
{
    private static readonly TimeSpan s_retryWait = TimeSpan.FromMilliseconds(100);

    /// <summary>Completes once the mapping is in force; at once when none is asked for. Does nothing the second time.</summary>
    /// <exception cref="InvalidOperationException">It is refused, and the process has been told to stop.</exception>
    public async Task EnsureAsync()
    {
        if (options.V2MappingPrefix is not { } prefix)
            return;
        var command = new MapV2 { Prefix = prefix }.ToByteArray();
        while (true)
        {
            try
            {
                var result = await proposer.ProposeAsync(CommandKind.MapV2, command).ConfigureAwait(false);
                if (result.Error == StorageError.None)
                    break;
                if (result.Error != StorageError.OutcomeForgotten)
                    throw Refuse(MappingRefusal.Text(prefix.TrimEnd('/') + '/', result.Error, Encoding.UTF8.GetString(result.Body.Span)));
            }
            catch (RequestFailedException failed) when (failed.Error == EtcdError.RequestTooLarge)
            {
                throw Refuse(failed.Message);
            }
            // Nobody knows what became of it: asking twice does no harm.
            catch (RequestFailedException failed) when (failed.Error != EtcdError.ServerStopped)
            {
                logger.MappingDelayed(failed.Message);
            }
            await Task.Delay(s_retryWait, time, lifetime.ApplicationStopping).ConfigureAwait(false);
        }
        logger.Mapped(prefix.TrimEnd('/') + '/');
    }

    private InvalidOperationException Refuse(string reason)
    {
        logger.MappingRefused(reason);
        Environment.ExitCode = 1;
        // A host that is told to stop while it starts calls that a failure of its own.
        lifetime.ApplicationStarted.Register(lifetime.StopApplication);
        return new InvalidOperationException(reason);
    }
}
