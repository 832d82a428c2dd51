using System.Runtime.CompilerServices;

// The tree's tests build damaged pages on purpose and measure page internals.
[assembly: InternalsVisibleTo("Storage.Tree.Tests")]

// Those of the state machine on a tree empty a file of any size.
[assembly: InternalsVisibleTo("Storage.Tests")]
