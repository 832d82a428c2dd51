using Bench.Http2;

namespace Bench.Workloads;

/// <summary>Makes the requests of a unary load and looks at the answers. One thread owns it.</summary>
internal interface IRequestSource
{
    /// <summary>Writes the next request into <paramref name="target"/>, which holds <see cref="MaxRequestBytes"/>.</summary>
    int WriteNext(Span<byte> target, out GrpcMethod method);

    /// <summary>Size of the largest request.</summary>
    int MaxRequestBytes { get; }

    /// <summary>Whether an OK answer says what it must; a server that skips the work must not win.</summary>
    bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response);
}
