using System.Net;

namespace ApiGateway.Host.ClientPort;

/// <summary>One of the virtual listeners of a client port.</summary>
public sealed class ClientPortEndPoint(ClientPortListener port, ClientProtocol protocol) : EndPoint
{
    public ClientPortListener Port { get; } = port;

    public ClientProtocol Protocol { get; } = protocol;

    /// <summary>The address as Kestrel lists it: that of the real socket.</summary>
    public override string ToString() => Port.LocalEndPoint.ToString() ?? "";
}
