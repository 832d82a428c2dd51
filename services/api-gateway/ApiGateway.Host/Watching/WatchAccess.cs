using ApiGateway.Core.Errors;
using ApiGateway.Core.Watching;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Watching;

/// <summary>What the caller of one stream may watch: what it may read when the watch begins. Nobody looks again later.</summary>
internal sealed class WatchAccess(Callers callers, HttpContext http)
{
    private static readonly byte[] s_lowestKey = [0];

    /// <summary>Why the watch is refused; none: it is not.</summary>
    public ValueTask<EtcdError> CheckAsync(in WatchCommand command, CancellationToken cancellation)
    {
        if (callers.IsKnownDisabled)
            return new ValueTask<EtcdError>(EtcdError.None);
        var key = command.Key.IsEmpty ? s_lowestKey : command.Key;
        return AskAsync(new AccessRequest(AccessKind.Ranges) { Ranges = [(key, command.RangeEnd)] }, cancellation);
    }

    private async ValueTask<EtcdError> AskAsync(AccessRequest request, CancellationToken cancellation)
    {
        try
        {
            await callers.RequireAsync(http, request, cancellation).ConfigureAwait(false);
            return EtcdError.None;
        }
        catch (RequestFailedException refused) when (IsRefusal(refused.Error))
        {
            return refused.Error;
        }
    }

    // Anything else ends the stream: the client opens it again elsewhere.
    private static bool IsRefusal(EtcdError error) =>
        error is EtcdError.UserEmpty or EtcdError.InvalidAuthToken or EtcdError.AuthRevisionOld or EtcdError.PermissionDenied;
}
