using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace Hosting.Listening;

/// <summary>Sockets in the file system, by URLs such as <c>unix:///run/etcd.sock</c> and, with TLS, <c>unixs://</c>. As in etcd a host and a port are part of the file's name.</summary>
public static class UnixSocket
{
    /// <summary>Reads such a URL; false when it is of another scheme.</summary>
    /// <exception cref="ConfigurationException">Its path is longer than the system takes.</exception>
    public static bool TryParse(string url, [NotNullWhen(true)] out UnixDomainSocketEndPoint? endpoint, out bool isTls)
    {
        endpoint = null;
        isTls = url.StartsWith("unixs://", StringComparison.Ordinal);
        if (!isTls && !url.StartsWith("unix://", StringComparison.Ordinal))
            return false;
        var path = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
        try
        {
            endpoint = new UnixDomainSocketEndPoint(path);
            return true;
        }
        catch (ArgumentException)
        {
            throw new ConfigurationException($"listen unix {path}: bind: invalid argument");
        }
    }

    /// <summary>Removes a socket that a process which is gone has left behind; false when somebody listens there.</summary>
    public static bool TryFree(UnixDomainSocketEndPoint endpoint)
    {
        var path = endpoint.ToString();
        if (!File.Exists(path))
            return true;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endpoint);
            return false;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return true;
        }
    }
}
