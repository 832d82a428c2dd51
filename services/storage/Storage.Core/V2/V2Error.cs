namespace Storage.Core.V2;

/// <summary>A refusal of the v2 tree: etcd's error code, and what it is about.</summary>
public sealed record V2Error(int Code, string Cause)
{
    public const int KeyNotFound = 100;
    public const int CompareFailed = 101;
    public const int NotAFile = 102;
    public const int NotADirectory = 104;
    public const int AlreadyExists = 105;
    public const int RootIsReadOnly = 107;
    public const int DirectoryNotEmpty = 108;
}
