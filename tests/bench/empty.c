// SPDX-License-Identifier: MIT
//  Does nothing, linked with every library of ggen (the Makefile keeps them all): what loading
//  them costs, before a line of ours runs.
int
main (void)
{
    return 0;
}
