package tokens

// OperationFor lets the tests of a package of its own see how a setting is sorted.
var OperationFor = operationFor
