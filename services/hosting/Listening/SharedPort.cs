using System.Net;
using System.Net.Sockets;

namespace Hosting.Listening;

/// <summary>A port at which several processes listen (SO_REUSEPORT): the system spreads connections over them.</summary>
public static class SharedPort
{
    /// <summary>A socket bound to the address, not listening yet.</summary>
    /// <exception cref="SocketException">Somebody has it who does not share.</exception>
    public static Socket Bind(EndPoint address)
    {
        var isFile = address is UnixDomainSocketEndPoint;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, isFile ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            // On Unix this sets both SO_REUSEADDR and SO_REUSEPORT.
            if (!isFile)
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
