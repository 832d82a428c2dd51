using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Hosting.Listening;

/// <summary>A port that cannot be listened on, in the words that etcd has for it.</summary>
public static class ListenFailure
{
    /// <summary>
    /// Binds each endpoint for a moment; null when all are free, otherwise <c>listen tcp 127.0.0.1:2379: bind: address already in use</c>.
    /// Done before anything is opened, so that a second start by mistake touches nothing.
    /// </summary>
    public static string? Probe(IEnumerable<EndPoint> endpoints)
    {
        foreach (var endpoint in endpoints)
        {
            if (endpoint is UnixDomainSocketEndPoint file)
            {
                if (ComplaintOf(file) is { } complaint)
                    return complaint;
                continue;
            }
            using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(endpoint);
            }
            catch (SocketException error)
            {
                return Describe(endpoint, error.SocketErrorCode);
            }
        }
        return null;
    }

    /// <summary>Whether starting failed because an endpoint could not be bound, and which.</summary>
    public static bool TryDescribe(Exception error, IEnumerable<EndPoint> endpoints, [NotNullWhen(true)] out string? text)
    {
        text = null;
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressInUseException or SocketException)
            {
                // Any other socket may have failed as well; only a port in use can be free again by now.
                text = Probe(endpoints) ?? (cause is AddressInUseException ? $"listen tcp: {error.Message}" : null);
                return text is not null;
            }
        }
        return false;
    }

    private static string? ComplaintOf(UnixDomainSocketEndPoint endpoint)
    {
        try
        {
            if (Path.GetDirectoryName(endpoint.ToString()) is { Length: > 0 } folder && !Directory.Exists(folder))
                return $"listen unix {endpoint}: bind: no such file or directory";
            return UnixSocket.TryFree(endpoint) ? null : Describe(endpoint, SocketError.AddressAlreadyInUse);
        }
        catch (SocketException error)
        {
            return Describe(endpoint, error.SocketErrorCode);
        }
    }

    private static string Describe(EndPoint endpoint, SocketError error) => $"listen {(endpoint is UnixDomainSocketEndPoint ? "unix" : "tcp")} {endpoint}: bind: " + error switch
    {
        SocketError.AddressAlreadyInUse => "address already in use",
        SocketError.AddressNotAvailable => "cannot assign requested address",
        SocketError.AccessDenied => "permission denied",
        _ => error.ToString(),
    };
}
