using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Tests.Tools;

/// <summary>Free ports of the loopback interface.</summary>
public static class Ports
{
    // Below the range from which the system takes the near ends of connections: nobody's connection sits on a member's port while the member is down.
    private const int First = 12_000, End = 32_000;

    /// <summary>Distinct ports that were free a moment ago, in ascending order.</summary>
    public static int[] Free(int count)
    {
        var sockets = new List<Socket>();
        try
        {
            // From a random place on, so that test processes side by side do not meet.
            for (var port = Random.Shared.Next(First, End - 2000); sockets.Count < count; port++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                if (TryBind(socket, port))
                    sockets.Add(socket);
                else
                    socket.Dispose();
            }
            return [.. sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private static bool TryBind(Socket socket, int port)
    {
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
