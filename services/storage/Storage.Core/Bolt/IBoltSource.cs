namespace Storage.Core.Bolt;

/// <summary>The bytes of a file in bbolt's format, or of something that is taken for one.</summary>
public interface IBoltSource
{
    /// <summary>Length of the file in bytes; does not change.</summary>
    long Length { get; }

    /// <summary>Fills the target from the offset on. Both lie inside the file.</summary>
    void Read(long offset, Span<byte> target);
}
