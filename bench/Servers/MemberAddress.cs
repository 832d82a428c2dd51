using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bench.Servers;

/// <summary>Who a member is and where it listens, on loopback.</summary>
internal sealed record MemberAddress(string Name, Uri Client, Uri Peer)
{
    /// <summary>As etcd's <c>--initial-cluster</c> wants it.</summary>
    public string ClusterEntry => $"{Name}={Url(Peer)}";

    /// <summary>A URL as etcd's flags take it: without the slash that <see cref="Uri"/> puts at its end.</summary>
    public static string Url(Uri uri) => uri.AbsoluteUri.TrimEnd('/');

    /// <summary>Addresses on free ports.</summary>
    public static IReadOnlyList<MemberAddress> Take(int members)
    {
        // All stay bound until all are known, so they differ. Another process may still take one in between; the start then fails loudly.
        var listeners = new List<TcpListener>();
        try
        {
            for (var n = 0; n < 2 * members; n++)
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listeners.Add(listener);
                listener.Start();
            }
            Uri[] urls = [.. listeners.Select(l => new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)l.LocalEndpoint).Port}")))];
            return [.. Enumerable.Range(0, members).Select(n => new MemberAddress(string.Create(CultureInfo.InvariantCulture, $"bench-{n + 1}"), urls[2 * n], urls[(2 * n) + 1]))];
        }
        finally
        {
            listeners.ForEach(l => l.Dispose());
        }
    }
}
