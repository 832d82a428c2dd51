using System.Net;

namespace Standalone.Member;

/// <summary>Where a member listens.</summary>
/// <param name="EndPoint">Address and port.</param>
/// <param name="IsTls">The URL says https.</param>
internal readonly record struct ListenPoint(IPEndPoint EndPoint, bool IsTls)
{
    /// <summary>As it was given, but for the name of a host.</summary>
    public string Url => (IsTls ? "https://" : "http://") + EndPoint;
}
