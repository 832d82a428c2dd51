using System.Net;
using System.Net.Sockets;

namespace Standalone.Member;

/// <summary>Where a member listens.</summary>
/// <param name="EndPoint">Address and port, or a socket in the file system.</param>
/// <param name="IsTls">The URL says https or unixs.</param>
internal readonly record struct ListenPoint(EndPoint EndPoint, bool IsTls)
{
    /// <summary>As it was given, but for the name of a host.</summary>
    public string Url => Scheme + EndPoint;

    /// <summary>With what is behind it.</summary>
    public string Scheme => (EndPoint is UnixDomainSocketEndPoint, IsTls) switch
    {
        (true, true) => "unixs://",
        (true, false) => "unix://",
        (false, true) => "https://",
        (false, false) => "http://",
    };
}
