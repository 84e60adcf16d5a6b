package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/store/keychain"
)

// systemKeychain is the OS keychain; tests put their own in its place.
var systemKeychain = keychain.OS()

// keychainReader lets the settings read keys without knowing the store.
type keychainReader struct{}

// Get reads one key.
func (keychainReader) Get(ctx context.Context, provider, name string) (config.KeychainItem, error) {
	item, err := systemKeychain.Get(ctx, provider, name)
	if errors.Is(err, keychain.ErrNotFound) {
		return config.KeychainItem{}, fmt.Errorf("%w: %w", config.ErrNoItem, err)
	}
	return config.KeychainItem{Secret: item.Secret, Host: item.Host}, err
}
