namespace Storage.Contracts;

/// <summary>The next bytes of a database file: the state in the form in which etcd itself keeps it, a bbolt file.</summary>
/// <param name="RemainingBytes">Bytes of the file that come after these; 0: this is the last piece.</param>
/// <param name="Bytes"><see cref="Length"/> bytes, in the last piece perhaps fewer. Valid until the next piece is asked for.</param>
public sealed record DatabasePiece(long RemainingBytes, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Bytes of every piece but the last: a multiple of what etcd's snapshot RPC sends at a time.</summary>
    public const int Length = 256 * 1024;
}
