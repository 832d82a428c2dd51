using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Tests.Tools;

/// <summary>Free ports of the loopback interface.</summary>
public static class Ports
{
    /// <summary>Distinct ports that were free a moment ago; the system does not hand them out again soon.</summary>
    public static int[] Free(int count)
    {
        var sockets = Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        try
        {
            foreach (var socket in sockets)
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return [.. sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }
}
